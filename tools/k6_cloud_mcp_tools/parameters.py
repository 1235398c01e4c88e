"""Each argument described once, for every tool that takes it."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from k6_cloud.models import ProjectName, TestName

_Id = Annotated[int, Field(ge=1)]
LoadTestId = Annotated[_Id, Field(description="From list_load_tests.")]
LoadZoneId = Annotated[_Id, Field(description="Number from list_load_zones.")]
LabelKeyId = Annotated[_Id, Field(description="From list_labels.")]
ScheduleId = Annotated[_Id, Field(description="From list_schedules.")]
TestRunId = Annotated[_Id, Field(description="From list_load_test_runs or start_load_test.")]
ProjectId = Annotated[_Id, Field(description="From list_projects.")]
OptionalProjectId = Annotated[
    _Id | None, Field(description="From list_projects. Default: the default project.")
]
Name = Annotated[TestName, Field(description="Unique within the project.")]

NewProjectName = Annotated[ProjectName, Field(description="Unique within the stack.")]

Limit = Annotated[int, Field(ge=1, le=100, description="Rows to return.")]
Skip = Annotated[int, Field(ge=0, description="next_skip of the page before.")]
After = Annotated[AwareDatetime | None, Field(description="Only runs created at this time or later.")]
Before = Annotated[AwareDatetime | None, Field(description="Only runs created before this time.")]
Starred = Annotated[bool, Field(description="Only starred ones.")]
Search = Annotated[str | None, Field(min_length=1, description="Part of the name, any case.")]
Order = Literal["newest", "oldest", "name", "updated"]

ScriptMember = Annotated[str | None, Field(description="Member of an archive. Default: its entry script.")]
ScriptOffset = Annotated[int, Field(ge=0, description="next_offset of the part before.")]
ScriptMaxBytes = Annotated[int, Field(ge=4, le=200_000)]
ScriptText = Annotated[str | None, Field(description="JavaScript or TypeScript source.")]
ScriptPath = Annotated[
    str | None,
    Field(description="Instead of script: local path of a .js, .ts or k6 .tar file, or of a folder."),
]
K6Version = Annotated[
    int | None, Field(ge=0, description="Identifier of a k6 version, not a version string.")
]
