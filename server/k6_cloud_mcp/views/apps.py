"""The views as MCP Apps: their documents, and which tool a host shows in which of them.

The documents are built from `ui/` by `npm run build`. They load nothing and connect to nothing.
"""

from importlib.resources import files

from mcp.server.apps import Apps, ResourceCsp
from mcp_types import Tool, ToolAnnotations

from k6_cloud_mcp_tools.toolsets import Published

TEST_RUN_URI = "ui://k6-cloud/test-run.html"
CONFIRM_URI = "ui://k6-cloud/confirm.html"
# A start is confirmed in the same view, which then becomes that of the run.
_OF_A_RUN = ("start_load_test", "get_test_run", "wait_for_test_run")
_VIEWS = (
    (TEST_RUN_URI, "test-run.html", "Test run", "Shows a run while it is under way, and how it ended."),
    (CONFIRM_URI, "confirm.html", "Confirmation", "Asks a person before a guarded tool acts."),
)


def views() -> Apps:
    """The extension that serves the views."""
    apps = Apps()
    for uri, file, title, description in _VIEWS:
        html = files("k6_cloud_mcp.views").joinpath(file).read_text("utf-8")
        # Named, and empty: no domain to connect to or to load from.
        apps.add_html_resource(uri, html, name=file, title=title, description=description, csp=ResourceCsp())
    return apps


def listed(tool: Published) -> Tool:
    """A tool as it stands in the list, with the view that shows its result."""
    uri = view_of(tool)
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        annotations=ToolAnnotations.model_validate(tool.annotations),
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        _meta={"ui": {"resourceUri": uri}} if uri else None,
    )


def view_of(tool: Published) -> str | None:
    """The view of a tool; None for one whose result is text."""
    if tool.name in _OF_A_RUN:
        return TEST_RUN_URI
    return CONFIRM_URI if tool.is_guarded else None
