"""The one exception of the embedded servers."""


class EmbeddedError(RuntimeError):
    """The message says what happened, what was kept and what to do next."""
