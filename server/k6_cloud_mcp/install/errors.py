"""Errors that leave a host's configuration as it is."""


class InstallError(Exception):
    """Nothing was written; the message says why, and what to do."""


class Unreadable(InstallError):
    """The file is not what its host reads; the message says where."""
