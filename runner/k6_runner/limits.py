"""The limits of k6 on foreign code, and the environment variables by which an operator changes them."""

from dataclasses import dataclass

from k6_runner.confinement.terms import Abilities

MIB = 1024 * 1024


@dataclass(frozen=True)
class RunLimits:
    """Bounds on one run. Times are wall-clock seconds, except `cpu_seconds`.

    `grace` is the time k6 gets beyond `max_duration` for setup and teardown, and again to stop when asked to.
    `output_bytes` bounds each file that k6 writes, `directory_bytes` all of them together. `memory_bytes` bounds
    its heap, on Linux only.
    `readers` is the number of scripts that k6 reads at a time. `allow_unconfined` runs scripts although this machine cannot
    confine them. `pretended` is for tests: the most that the machine is to be taken for.
    """

    max_vus: int = 50
    max_duration: float = 300
    inspect_timeout: float = 10
    grace: float = 10
    cpu_seconds: int = 300
    memory_bytes: int = 2048 * MIB
    output_bytes: int = 32 * MIB
    directory_bytes: int = 128 * MIB
    readers: int = 2
    allow_unconfined: bool = False
    pretended: Abilities | None = None


_SETTINGS = {
    "max_duration": "K6_SANDBOX_MAX_DURATION",
    "inspect_timeout": "K6_SANDBOX_INSPECT_TIMEOUT",
    "cpu_seconds": "K6_SANDBOX_MAX_CPU_SECONDS",
    "memory_bytes": "K6_SANDBOX_MAX_MEMORY_BYTES",
    "output_bytes": "K6_SANDBOX_MAX_OUTPUT_BYTES",
    "directory_bytes": "K6_SANDBOX_MAX_DIRECTORY_BYTES",
    "allow_hosts": "K6_SANDBOX_ALLOW_HOSTS",
    "readers": "K6_SANDBOX_MAX_CONCURRENT_READS",
    "allow_unconfined": "K6_MCP_ALLOW_UNCONFINED",
}


def setting(limit: str) -> str:
    """The environment variable that changes a field of RunLimits."""
    return _SETTINGS[limit]
