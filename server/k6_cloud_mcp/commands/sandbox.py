"""`k6-cloud-mcp sandbox`: the sandbox over HTTP, for curl, k6 and other clients."""

from collections.abc import Sequence

from k6_cloud_mcp.config.settings import SettingsError
from k6_cloud_mcp.telemetry.exception_groups import first_of
from k6_cloud_mcp.terminal import echo
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.sandbox import STACK_ID, ServedSandbox, serve_sandbox
from k6_cloud_sandbox.settings import SandboxSettings

_GREETING = """\
The k6 Cloud sandbox: {pages}/  (Ctrl-C stops it)
  Demo target for scripts: {demo}/demo/  (__ENV.SANDBOX_URL in scripts that it runs)
  Variables for k6 and this server as clients of it:
    export K6_CLOUD_HOST_V6={pages}
    export K6_CLOUD_STACK_ID={stack}
    export K6_CLOUD_TOKEN={token}
  curl -H "Authorization: Bearer $K6_CLOUD_TOKEN" -H 'X-Stack-Id: {stack}' {pages}/cloud/v6/load_tests
"""


async def run_sandbox(host: str, port: int, allowed_hosts: Sequence[str] = ()) -> int:
    """Serve until stopped, and tell how to call it once it listens. Raises SettingsError."""
    try:
        settings = SandboxSettings.load()
        await serve_sandbox(settings, host, port, lambda served: _greet(settings, served), allowed_hosts)
    except* SandboxError as failures:
        raise SettingsError(str(first_of(failures))) from None
    return 0


def _greet(settings: SandboxSettings, served: ServedSandbox) -> None:
    """Print the addresses and the variables to copy; a token that the operator set is not repeated."""
    token = '"$K6_SANDBOX_TOKEN"' if settings.token else served.token
    text = _GREETING.format(pages=served.base_url, demo=served.demo_url, stack=STACK_ID, token=token)
    echo(text, err=True)
