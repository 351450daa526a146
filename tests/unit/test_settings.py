"""Settings reach the clients they are for, and every one of them is documented."""

import re
from pathlib import Path

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from pydantic import SecretStr

from infra.kafka import broker_options, connection
from infra.settings import Settings

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text()
SECURE = Settings(
    kafka="kafka.example.org:9093",
    kafka_security="SASL_SSL",
    kafka_username="townhall",
    kafka_password=SecretStr("a secret"),
)


def test_the_example_names_every_setting_and_no_other() -> None:
    named = {name.lower() for name in re.findall(r"^# TOWNHALL_([A-Z_]+)=", EXAMPLE, re.MULTILINE)}
    assert named == set(Settings.model_fields)


def test_the_example_shows_the_defaults() -> None:
    shown = dict(re.findall(r"^# TOWNHALL_([A-Z_]+)=(\d+)$", EXAMPLE, re.MULTILINE))
    for name, value in shown.items():
        if name != "KAFKA_REPLICATION":  # what production wants is shown there
            assert float(value) == Settings.model_fields[name.lower()].default


async def test_credentials_reach_both_clients() -> None:
    options = connection(SECURE)
    assert options["sasl_plain_password"] == "a secret"  # noqa: S105 - it is none
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["ssl_context"].check_hostname
    await AIOKafkaProducer(**options).stop()  # takes them all
    assert KafkaBroker(**broker_options(SECURE)) is not None


def test_secrets_do_not_show() -> None:
    assert "a secret" not in repr(SECURE)
    assert "a secret" not in repr(Settings(mongo=SecretStr("mongodb://u:a secret@h/")))
