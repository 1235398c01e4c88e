"""`/provisioning/v1`, by which `k6 cloud run --local-execution` would run: the sandbox does not emulate it."""

from fastapi import APIRouter, Depends

from k6_cloud_sandbox.api.access import require_token
from k6_cloud_sandbox.errors import NotEmulated

router = APIRouter(dependencies=[Depends(require_token)], include_in_schema=False)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def refuse(path: str) -> None:
    """Say what to use instead. Raises NotEmulated."""
    del path
    raise NotEmulated(
        "The sandbox does not emulate local execution, so nothing was started and no run was made. Leave out "
        "--local-execution (or -o cloud): the sandbox runs k6 on this machine anyway."
    )
