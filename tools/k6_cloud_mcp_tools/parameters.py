"""Each argument described once, for every tool that takes it."""

from typing import Annotated, Literal

from pydantic import Field

from k6_cloud.models import TestName

_Id = Annotated[int, Field(ge=1)]
LoadTestId = Annotated[_Id, Field(description="From list_load_tests.")]
TestRunId = Annotated[_Id, Field(description="From list_load_test_runs or start_load_test.")]
ProjectId = Annotated[_Id, Field(description="From list_projects.")]
OptionalProjectId = Annotated[
    _Id | None, Field(description="From list_projects. Default: the default project.")
]
Name = Annotated[TestName, Field(description="Unique within the project.")]

Limit = Annotated[int, Field(ge=1, le=100, description="Rows to return.")]
Skip = Annotated[int, Field(ge=0, description="next_skip of the page before.")]
Search = Annotated[str | None, Field(min_length=1, description="Part of the name, any case.")]
Order = Literal["newest", "oldest", "name", "updated"]

ScriptText = Annotated[str | None, Field(description="k6 JavaScript source.")]
ScriptPath = Annotated[
    str | None, Field(description="Instead of script: local path of a .js, .ts or k6 .tar file.")
]
K6Version = Annotated[
    int | None, Field(ge=0, description="Identifier of a k6 version, not a version string.")
]
