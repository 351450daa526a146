"""The contract: envelope, codec, event types, topics. Imports nothing else of townhall."""
