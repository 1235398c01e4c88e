"""The limits of a process that every Unix knows: processor time, memory, and the size and number of files."""

import sys
from contextlib import suppress

from k6_runner.confinement.terms import Terms

if sys.platform != "win32":
    import resource

CPU_EXCEEDED = 152
_OPEN_FILES = 4096

if sys.platform == "win32":

    def set_limits(_: Terms) -> None:
        """Windows has no such limits."""

    def exceeded_processor_time(_: Terms) -> bool:
        """Windows counts nothing of the kind."""
        return False

else:

    def set_limits(terms: Terms) -> None:
        """Lower the limits of this process and of those that it starts."""
        _limit(resource.RLIMIT_CPU, terms.cpu_seconds)
        _limit(resource.RLIMIT_FSIZE, terms.file_bytes)
        _limit(resource.RLIMIT_DATA, terms.memory_bytes)
        _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
        _limit(resource.RLIMIT_CORE, 0)

    def exceeded_processor_time(terms: Terms) -> bool:
        """Whether the processes that this one started, and that have ended, used up their time."""
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        # The kernel's own count, which decides, runs a little ahead of the one it reports here.
        return usage.ru_utime + usage.ru_stime >= terms.cpu_seconds - 0.25

    def _limit(kind: int, value: int) -> None:
        """Lower a limit; one that the system does not know, or holds lower already, stays."""
        _, ceiling = resource.getrlimit(kind)
        allowed = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (allowed, allowed))
