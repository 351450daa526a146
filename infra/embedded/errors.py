"""The exceptions of the embedded servers."""


class EmbeddedError(RuntimeError):
    """The message says what happened, what was kept and what to do next."""


class HomeInUse(EmbeddedError):
    """Another process runs its servers from this folder."""
