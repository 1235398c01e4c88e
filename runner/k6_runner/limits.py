"""What a run may use, and the environment variables by which an operator changes that."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class RunLimits:
    """Bounds on one run. Times are wall-clock seconds, except `cpu_seconds`.

    `grace` is the time k6 gets beyond `max_duration` for setup and teardown, and again to stop when asked to.
    `output_bytes` bounds each file that k6 writes. `memory_bytes` bounds its heap, on Linux only.
    `allow_hosts` opens targets beyond loopback: host names, addresses, networks, or `*` for all.
    """

    max_vus: int = 50
    max_duration: float = 300
    inspect_timeout: float = 10
    grace: float = 10
    cpu_seconds: int = 300
    memory_bytes: int = 2048 * MIB
    output_bytes: int = 32 * MIB
    allow_hosts: tuple[str, ...] = ()


_SETTINGS = {
    "max_duration": "K6_SANDBOX_MAX_DURATION",
    "inspect_timeout": "K6_SANDBOX_INSPECT_TIMEOUT",
    "cpu_seconds": "K6_SANDBOX_MAX_CPU_SECONDS",
    "memory_bytes": "K6_SANDBOX_MAX_MEMORY_BYTES",
    "output_bytes": "K6_SANDBOX_MAX_OUTPUT_BYTES",
    "allow_hosts": "K6_SANDBOX_ALLOW_HOSTS",
}


def setting(limit: str) -> str:
    """The environment variable that changes a field of RunLimits."""
    return _SETTINGS[limit]
