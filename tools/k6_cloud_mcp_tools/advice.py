"""Advice for errors of the client, which knows neither tools nor settings: what to do next, and who can do it."""

from k6_cloud.errors import Forbidden, K6CloudError, NotFound, OutOfScope, ScriptTooLarge, Unauthorized

_ADVICE: dict[type[K6CloudError], str] = {
    Unauthorized: (
        "Set K6_CLOUD_TOKEN to a valid Grafana Cloud k6 API token and restart the server; "
        "`k6-cloud-mcp doctor` checks it."
    ),
    Forbidden: "`k6-cloud-mcp doctor` shows which stack that is.",
    NotFound: "Look the id up with the matching list tool.",
    OutOfScope: "The operator of this server limits it to some projects (K6_MCP_PROJECTS).",
    ScriptTooLarge: "The operator of this server can raise K6_MCP_MAX_SCRIPT_MIB.",
}


def advised(error: Exception) -> str:
    """Return the text of an error for an assistant: of an error of the client, with what to do here."""
    advice = next((text for kind, text in _ADVICE.items() if isinstance(error, kind)), "")
    return f"{error} {advice}".rstrip()
