"""The web pages of the sandbox: a page per run, k6's report in it, and a list of runs.

Nothing on them is loaded from anywhere else, and the report, which a script can influence, runs in a
sandbox of the browser without access to the page around it.
"""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from k6_cloud_sandbox.pages.rendering import render_index, render_missing, render_run
from k6_cloud_sandbox.pages.view import RunView

_SELF_CONTAINED = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = f"{_SELF_CONTAINED}; frame-src 'self'; frame-ancestors 'none'"
REPORT_POLICY = (
    f"sandbox allow-scripts; {_SELF_CONTAINED}; script-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'"
)


def create_router(
    load: Callable[[int], RunView | None], recent: Callable[[], list[RunView]] | None = None
) -> APIRouter:
    """Pages over `load`, which gets a run by id, and `recent`, which lists the newest runs for the start page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/runs/{run_id}")
    def show_run(run_id: int) -> HTMLResponse:
        view = load(run_id)
        return _page(render_run(view)) if view else _page(render_missing(run_id), 404)

    @router.get("/runs/{run_id}/report")
    def show_report(run_id: int) -> HTMLResponse:
        view = load(run_id)
        if view is None or view.report is None:
            raise HTTPException(404, f"Run {run_id} has no report.")
        return _page(view.report, policy=REPORT_POLICY)

    if recent:

        @router.get("/")
        def list_runs() -> HTMLResponse:
            return _page(render_index(recent()))

    return router


def _page(content: str | bytes, status: int = 200, policy: str = PAGE_POLICY) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(content, status, headers)
