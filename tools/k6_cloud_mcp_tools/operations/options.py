"""The tool that checks and prices k6 options."""

from typing import Annotated

from pydantic import BaseModel, Field

from k6_cloud.models import CostBreakdown, Json, ValidateOptions
from k6_cloud_mcp_tools.context import K6
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.parameters import K6Version, OptionalProjectId


class Price(BaseModel):
    """The price of a run with these options, in virtual user hours."""

    vuh_usage: float
    breakdown: CostBreakdown


async def validate_options(
    k6: K6,
    options: Annotated[Json, Field(description="The script's `options` object.")],
    project_id: OptionalProjectId = None,
    k6_dependencies: Annotated[
        dict[str, str] | None, Field(description='Version constraints, like {"k6/x/faker": ">=0.4.0"}.')
    ] = None,
    k6_version: K6Version = None,
    is_local_execution: bool = False,
) -> Price:
    """Check k6 options and price a run with them in VUh (virtual user hours). Runs nothing."""
    given = {
        "options": options,
        "project_id": project_id,
        "k6_dependencies": k6_dependencies,
        "k6_version": k6_version or None,
        "is_local_execution": is_local_execution or None,
    }
    request = ValidateOptions.model_validate(
        {key: value for key, value in given.items() if value is not None}
    )
    priced = await k6.validate_options(request)
    return Price(vuh_usage=priced.vuh_usage, breakdown=priced.breakdown)


OPERATIONS = [read(validate_options, "Check and price k6 options")]
