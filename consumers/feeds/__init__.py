"""The change feed over HTTP: the events of one topic, in order, for integrators without Kafka."""
