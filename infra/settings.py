"""Configuration, from the environment only (12-factor): one frozen object, read once."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _networks(text: str) -> str:
    for part in text.split(","):
        if part.strip():
            ip_network(part.strip())
    return text


class Settings(BaseSettings):
    """Everything that differs between two deployments. Variables start with `TOWNHALL_`."""

    model_config = SettingsConfigDict(
        env_prefix="TOWNHALL_", env_file=".env", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    home: Path = Field(
        default=Path(".townhall"), description="data of the embedded servers, and where they listen"
    )
    kafka: str | None = Field(default=None, description="bootstrap servers, `host:port,...`")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_replication: int = Field(default=1, ge=1, le=9, description="3 in production")
    mongo: SecretStr | None = Field(
        default=None, description="a URI with its credentials; must name a replica set"
    )
    mongo_database: str = Field(default="townhall", pattern=r"^[a-z][a-z0-9_]{0,37}$")
    pseudonym_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="makes pseudonyms of an importer's personal ids; never change it. Else kept in the home; "
        "an import with another key than the first is refused",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+$",
        description="where citizens reach the pages, for links in messages; else this host and port",
    )
    smtp_host: str | None = Field(
        default=None, description="sends e-mail; without it messages are only written to the log"
    )
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = Field(default="townhall@localhost", pattern=r"^[^@\s]+@[^@\s]+$")
    log_format: Literal["console", "json"] | None = Field(
        default=None, description="without it: console on a terminal, else json"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    session_timeout_ms: int = Field(default=10_000, ge=1_000, le=60_000)
    batch_records: int = Field(default=5_000, ge=1, le=50_000, description="most records in one transaction")
    stall_seconds: float = Field(
        default=45.0, ge=1, description="no progress for so long with work to do: exit"
    )
    health_port: int | None = Field(
        default=None, ge=1, le=65535, description="where a projector answers probes, on 127.0.0.1"
    )
    webhook_networks: Annotated[str, AfterValidator(_networks)] = Field(
        default="",
        description="private networks, `127.0.0.0/8,...`, that webhooks and messages may be sent into, there "
        "also by http and at any port: for development",
    )


class BadSettings(ValueError):
    """Variables that cannot be used; the message names them, never their values."""


def load() -> Settings:
    """The settings of this process. Raises BadSettings."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = (f"TOWNHALL_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        raise BadSettings(f"{'; '.join(wrong)}. Nothing was started; see .env.example.") from None


def address(settings: Settings) -> str:
    """Where citizens reach the pages."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"
