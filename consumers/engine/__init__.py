"""The engine: each event counts exactly once. Knows neither FastStream nor MongoDB."""
