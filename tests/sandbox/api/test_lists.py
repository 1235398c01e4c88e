from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

TESTS = "/cloud/v6/load_tests"


async def test_following_next_links_meets_every_item_once(http: httpx.AsyncClient, store: Store):
    for number in range(7):
        store.load_tests.create(1, f"test {number}")

    names: list[str] = []
    url = f"{TESTS}?$top=3&$orderby=name%20desc"
    while url:
        page = (await http.get(url)).json()
        names += [test["name"] for test in page["value"]]
        url = page.get("@nextLink")

    assert names == [f"test {number}" for number in range(6, -1, -1)]


async def test_the_next_link_is_absolute_and_keeps_all_other_parameters(
    http: httpx.AsyncClient, store: Store
):
    store.load_tests.create(1, "a & b")
    other = store.projects.create("Other")
    store.load_tests.create(other.id, "a & b")

    query = {"$top": "1", "$count": "true", "name": "a & b", "$orderby": "id desc", "unknown": "x"}
    link: str = (await http.get(TESTS, params=query)).json()["@nextLink"]

    assert link.startswith(f"http://127.0.0.1:6580{TESTS}?")
    assert "%24skip=1" in link
    assert parse_qs(urlsplit(link).query) == {name: [value] for name, value in query.items()} | {
        "$skip": ["1"]
    }


async def test_count_is_the_total_and_only_there_when_asked_for(http: httpx.AsyncClient, store: Store):
    for number in range(3):
        store.load_tests.create(1, f"test {number}")

    counted = (await http.get(TESTS, params={"$count": "true", "$top": 2, "$skip": 2})).json()
    plain = (await http.get(TESTS)).json()

    assert counted["@count"] == 3
    assert len(counted["value"]) == 1
    assert plain.keys() == {"value"}


async def test_several_fields_order_a_list(http: httpx.AsyncClient, store: Store):
    other = store.projects.create("Other")
    for project, name in ((1, "b"), (other.id, "c"), (1, "a"), (other.id, "d")):
        store.load_tests.create(project, name)

    answer = await http.get(TESTS, params={"$orderby": "project_id DESC, name asc"})

    assert [test["name"] for test in answer.json()["value"]] == ["c", "d", "a", "b"]


@pytest.mark.parametrize(
    "query",
    [
        {"$top": "1001"},
        {"$top": "-1"},
        {"$top": "many"},
        {"$skip": "-1"},
        {"$skip": str(2**63)},
        {"$count": "perhaps"},
        {"$orderby": "colour"},
        {"$orderby": "name upwards"},
        {"$orderby": "name,,id"},
        {"$orderby": "name asc; DROP TABLE load_tests"},
        {"$orderby": ",".join(["id"] * 3000)},
    ],
)
async def test_parameters_that_make_no_sense_are_400_and_named(
    http: httpx.AsyncClient, query: dict[str, str]
):
    answer = await http.get(TESTS, params=query)

    assert answer.status_code == 400
    assert [detail["target"] for detail in answer.json()["error"]["details"]] == list(query)


async def test_an_empty_page_has_no_next_link(http: httpx.AsyncClient, store: Store):
    store.load_tests.create(1, "a")

    assert (await http.get(TESTS, params={"$top": 0})).json() == {"value": []}
    assert (await http.get(TESTS, params={"$skip": 2**63 - 1})).json() == {"value": []}
