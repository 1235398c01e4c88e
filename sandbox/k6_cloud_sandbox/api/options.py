"""`/validate_options`."""

from anyio import to_thread
from fastapi import APIRouter, Depends

from k6_cloud.models import ValidatedOptions, ValidateOptions
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.checks.estimate import load_of, price
from k6_cloud_sandbox.checks.options import check_options, check_with_k6

router = APIRouter(tags=["load tests"], dependencies=[Depends(require_stack), Depends(require_json)])


@router.post("/validate_options")
async def validate_options(backend: BackendOf, request: ValidateOptions) -> ValidatedOptions:
    """Check k6 options and price them. It is given no script, so names in `exec` are not checked."""
    load = load_of(request.options)
    await to_thread.run_sync(check_options, request, load, backend.store, backend.settings.limits)
    await check_with_k6(request.options, backend.settings)
    cost = price(load, load.duration, is_local=request.is_local_execution)
    return ValidatedOptions(vuh_usage=cost.total_vuh, breakdown=cost.breakdown)
