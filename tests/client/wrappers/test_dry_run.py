import hashlib
from contextlib import suppress

import pytest
from support.organisation import (
    LISTS,
    READS,
    SCRIPT,
    TOKEN,
    WHOLE_READS,
    WHOLE_WRITES,
    WRITES,
    ZONE_READS,
    Ids,
    Operation,
    open_organisation,
    script,
)

from k6_cloud.errors import OutOfScope, StatusError
from k6_cloud.wrappers.dry_run import Rehearsed, UnsentRequest

ALL_WRITES = {**WRITES, **WHOLE_WRITES}
ALL_READS = {**READS, **WHOLE_READS, **ZONE_READS}
SUMMARY = {"bytes": len(SCRIPT), "sha256": hashlib.sha256(SCRIPT).hexdigest()}


async def rehearsed(operation: Operation, ids: Ids | None = None) -> UnsentRequest:
    """The request that a rehearsal of `operation` does not send."""
    async with open_organisation() as organisation:
        with pytest.raises(Rehearsed) as caught:
            await operation(organisation.k6.rehearsing(), ids or organisation.ours)
        assert organisation.requests == []
    return caught.value.request


@pytest.mark.parametrize("name", ALL_WRITES)
async def test_a_write_is_told_as_it_would_be_sent_and_never_sent(name: str):
    told = await rehearsed(ALL_WRITES[name])

    async with open_organisation() as organisation:
        with suppress(StatusError):
            await ALL_WRITES[name](organisation.k6, organisation.ours)
        sent = organisation.requests[-1]

    assert (told.method, told.path) == (sent.method, sent.url.raw_path.decode())
    for header, value in told.headers.items():
        assert sent.headers[header].startswith(value)
    assert TOKEN not in told.model_dump_json()


@pytest.mark.parametrize("name", ALL_READS)
async def test_a_read_is_sent_and_changes_nothing(name: str):
    async with open_organisation() as organisation:
        with suppress(StatusError):
            await ALL_READS[name](organisation.k6.rehearsing(), organisation.ours)

        assert len(organisation.requests) == 1
        assert organisation.calls[0].startswith(("GET ", "POST /cloud/v6/validate_options"))


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_sent(name: str):
    async with open_organisation() as organisation:
        assert (await LISTS[name](organisation.k6.rehearsing(), {})).value


async def test_json_is_told_as_it_is():
    assert await rehearsed(WRITES["load_tests.move"]) == UnsentRequest(
        method="PUT",
        path="/cloud/v6/load_tests/1/move",
        headers={"Content-Type": "application/json"},
        body={"project_id": 1},
    )


async def test_a_form_is_told_by_its_parts():
    assert await rehearsed(WRITES["load_tests.create"]) == UnsentRequest(
        method="POST",
        path="/cloud/v6/projects/1/load_tests",
        headers={"Content-Type": "multipart/form-data"},
        body={"name": "New", "k6_version": "3", "script": SUMMARY},
    )


async def test_bytes_are_told_by_size_and_hash():
    told = await rehearsed(WRITES["load_tests.upload_script"])

    assert told.headers == {"Content-Type": "application/octet-stream"}
    assert told.body == SUMMARY


async def test_a_start_tells_its_idempotency_key():
    told = await rehearsed(WRITES["load_tests.start"])

    assert told.headers == {"K6-Idempotency-Key": "11111111-1111-4111-8111-111111111111"}
    assert told.body is None


async def test_a_script_can_still_be_sent_after_its_rehearsal():
    async with open_organisation() as organisation:
        k6, test = organisation.k6, organisation.ours.test
        with script() as source:
            with pytest.raises(Rehearsed):
                await k6.rehearsing().load_tests.upload_script(test, source)
            await k6.load_tests.upload_script(test, source)

        with await k6.load_tests.download_script(test) as stored:
            assert stored.read() == SCRIPT


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("limited_first", [True, False])
async def test_a_rehearsal_is_held_to_the_projects_in_either_order(name: str, limited_first: bool):
    async with open_organisation() as organisation:
        only = frozenset({organisation.ours.project})
        k6 = organisation.k6
        k6 = k6.limited_to(only).rehearsing() if limited_first else k6.rehearsing().limited_to(only)

        with pytest.raises(OutOfScope):
            await WRITES[name](k6, organisation.theirs)
        with pytest.raises(Rehearsed):
            await WRITES[name](k6, organisation.ours)

        assert {call.split()[0] for call in organisation.calls} <= {"GET"}
