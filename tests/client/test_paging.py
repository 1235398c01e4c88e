from typing import Any

import httpx
import pytest
from support.canned_responses import LOAD_TEST, Answers

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadAnswer, InvalidArgument, NotFound
from k6_cloud.requests.connection import connect

ORGANISATION = 3500


class Service:
    """Load tests 1 to 3500 in pages of 1000 at most, as the API lists them. Keeps the query of each request."""

    def __init__(self, counts: bool = True, tests: int = ORGANISATION) -> None:
        self.asked: list[dict[str, str]] = []
        self.hosts: set[str] = set()
        self._counts, self._tests = counts, tests

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append(query)
        self.hosts.add(request.url.host)
        first, top = int(query.get("$skip", 0)), min(int(query.get("$top", 1000)), 1000)
        rows = [LOAD_TEST | {"id": number + 1} for number in range(self._tests)[first : first + top]]
        answer: dict[str, Any] = {"value": rows}
        if query.get("$count") == "true" and self._counts:
            answer["@count"] = self._tests
        if first + top < self._tests:
            answer["@nextLink"] = f"http://evil.test/cloud/v6/load_tests?%24skip={first + top}"
        return httpx.Response(200, json=answer)


def cloud(handler: Any) -> K6Cloud:
    return K6Cloud(
        connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    )


async def test_items_of_all_pages_are_yielded_and_pages_fetched_when_they_are_reached():
    service = Service()
    seen: list[int] = []

    async for test in cloud(service).load_tests.iterate(order_by="id"):
        seen.append(test.id)
        assert len(service.asked) == (test.id - 1) // 1000 + 1

    assert seen == [*range(1, ORGANISATION + 1)]
    assert [query.get("$skip") for query in service.asked] == [None, "1000", "2000", "3000"]
    assert {query["$orderby"] for query in service.asked} == {"id"}


async def test_pages_are_asked_for_at_the_configured_address_only():
    service = Service()

    _ = [test async for test in cloud(service).load_tests.iterate()]

    assert service.hosts == {"k6.test"}


async def test_pages_ahead_are_fetched_side_by_side_and_yielded_in_order():
    service = Service()

    seen = [test.id async for test in cloud(service).load_tests.iterate(ahead=8)]

    assert seen == [*range(1, ORGANISATION + 1)]
    assert service.asked[0] == {"$count": "true"}
    assert sorted(query.get("$skip", "0") for query in service.asked) == ["0", "1000", "2000", "3000"]


async def test_pages_ahead_are_fetched_one_by_one_from_a_service_that_does_not_count():
    service = Service(counts=False)

    assert len([test async for test in cloud(service).load_tests.iterate(ahead=8)]) == ORGANISATION
    assert len(service.asked) == 4


async def test_an_iteration_can_begin_in_the_middle():
    assert [test.id async for test in cloud(Service()).load_tests.iterate(skip=3498)] == [3499, 3500]


async def test_an_iteration_over_nothing_ends_at_once():
    service = Service(tests=0)

    assert [test async for test in cloud(service).load_tests.iterate(ahead=8)] == []
    assert len(service.asked) == 1


async def test_pages_of_any_list_are_fetched_when_they_are_reached():
    service = Service()
    k6 = cloud(service)
    seen: list[int] = []

    async for page in k6.pages(k6.load_tests.list, top=100, skip=50, count=True):
        seen.append(page.value[0].id)
        assert page.count == ORGANISATION
        if len(seen) == 3:
            break

    assert seen == [51, 151, 251]
    assert len(service.asked) == 3


async def test_the_error_of_a_page_is_raised_as_it_is():
    handler = Answers(
        httpx.Response(200, json={"value": [LOAD_TEST], "@count": 3, "@nextLink": "/x"}),
        httpx.Response(404),
        httpx.Response(404),
    )
    tests = cloud(handler).load_tests.iterate(ahead=4)

    assert (await anext(tests)).id == 1
    with pytest.raises(NotFound):
        await anext(tests)


async def test_a_list_that_repeats_a_page_ends_with_an_error():
    page = {"value": [LOAD_TEST], "@nextLink": "/cloud/v6/load_tests?$skip=1"}
    handler = Answers(*[httpx.Response(200, json=page)] * 2)

    with pytest.raises(BadAnswer, match="repeats its last page"):
        _ = [test async for test in cloud(handler).load_tests.iterate()]


@pytest.mark.parametrize(
    "wrong", [{"ahead": 0}, {"ahead": 9}, {"skip": -1}, {"name": ""}, {"project_id": "1"}]
)
def test_wrong_arguments_are_refused_when_the_iteration_is_made(wrong: dict[str, Any]):
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        cloud(Service()).load_tests.iterate(**wrong)
