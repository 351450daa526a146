"""Write `jars.lock` again after a change of the Kafka version: `python -m infra.embedded.relock`."""

import hashlib
import tempfile
from pathlib import Path

from infra.embedded.fetch import maven, system_trust
from infra.embedded.jars import KAFKA, LOCK

LOG4J = "2.25.5"  # the version of log4j-core that this Kafka asks for; without the binding Kafka logs nothing

# "!" keeps jgo from importing each as a bill of materials: log4j's would take kafka-clients back to 3.9.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA}!", f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}!")


def main() -> None:
    """Resolve the roots with all they need at run time and lock what comes, sorted by coordinate."""
    with system_trust(), tempfile.TemporaryDirectory() as repository:
        context = maven(Path(repository))
        given, needed = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
        lines = []
        for artifact in [dependency.artifact for dependency in given + needed]:
            digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
            lines.append(f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {digest}")
    LOCK.write_text("\n".join(sorted(lines)) + "\n")


if __name__ == "__main__":
    main()
