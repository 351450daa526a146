"""What a person is told when Kafka or MongoDB fails a command."""

import re

_ADDRESS = re.compile(r"\('([^']*)', (\d+), <[^>]*>\)")
_INNER = re.compile(r" \(configured timeouts|, Timeout: |, full error: ")
MAX_WORDS = 200


def told(server: str, error: Exception) -> str:
    """What happened, what is kept, what to do; without what the client library says of itself."""
    name = type(error).__name__
    words = _INNER.split(_ADDRESS.sub(r"\1:\2", str(error).removeprefix(f"{name}: ")))[0]
    return (
        f"{server} did not answer as it should: {words[:MAX_WORDS].rstrip('.') or name}. "
        "Everything published is kept. See that it runs and can be reached from here, then do the same again."
    )
