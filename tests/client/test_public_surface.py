import subprocess
import sys

import pytest

import k6_cloud

SURFACE = """
AllowedProject ApiError Authentication BadAnswer BadRequest ConfigurationError Conflict Cost CreateSchedule Credentials
Cron DEFAULT_BASE_URL Distribution ErrorDetail Forbidden InvalidArgument K6Cloud K6CloudError LabelKey LabelledMetric
LoadTest LoadZone Member Metric NO_RETRIES NewLabelKey NewProjectLabel NoAnswer NotAcceptable NotFinished NotFound
OutOfScope Page PatchLabelKey PatchLoadTest PatchProjectLimits PatchTestRun Project ProjectLabel ProjectLimits
QueryResult RateLimited RecurrenceRule Rehearsed Retries Schedule Script ScriptError ScriptTooLarge Series
ServerFailure StartedTestRun StatusError TestRun TimedOut Unauthorized UnsentRequest UnsupportedMedia ValidateOptions
ValidatedOptions connect side_by_side
"""


def test_the_public_names_are_those_that_were_reviewed():
    assert sorted(k6_cloud.__all__) == sorted(SURFACE.split())


@pytest.mark.parametrize("name", SURFACE.split())
def test_every_public_name_is_there_and_explains_itself(name: str):
    value = getattr(k6_cloud, name)

    assert name in dir(k6_cloud)
    assert isinstance(value, str) or value.__doc__


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = k6_cloud.Nothing


def test_importing_the_package_imports_nothing_of_it_until_it_is_used():
    program = "import sys, k6_cloud; print([m for m in sys.modules if m.startswith(('k6_cloud.', 'httpx', 'pydantic'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
