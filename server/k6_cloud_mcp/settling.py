"""The end of the start-up."""

import gc


def settle() -> None:
    """Collect garbage from now on, but do not look again and again at what was imported, which stays."""
    gc.freeze()
    gc.enable()
