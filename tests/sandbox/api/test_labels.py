from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

KEYS = "/cloud/v6/labels"
LABELS = "/cloud/v6/projects/1/labels"


async def add_keys(http: httpx.AsyncClient, *names: str) -> httpx.Response:
    return await http.post(KEYS, json={"value": [{"key": name} for name in names]})


async def test_keys_are_added_to_those_there_are(http: httpx.AsyncClient):
    first = await http.post(KEYS, json={"value": [{"key": "team", "description": "Who owns it"}]})
    await add_keys(http, "env", "team")

    assert first.status_code == 201
    assert first.json() == {"value": [{"id": 1, "key": "team", "description": "Who owns it"}]}
    assert (await http.get(KEYS)).json()["value"] == [
        {"id": 1, "key": "team", "description": "Who owns it"},
        {"id": 2, "key": "env", "description": None},
    ]


async def test_keys_are_told_apart_by_case(http: httpx.AsyncClient):
    assert len((await add_keys(http, "Team", "team")).json()["value"]) == 2


async def test_a_key_named_twice_is_400_and_adds_nothing(http: httpx.AsyncClient):
    assert (await add_keys(http, "a", "b", "a")).status_code == 400
    assert (await http.get(KEYS)).json() == {"value": []}


@pytest.mark.parametrize("key", ["", "two words", "a;b", "50%", "x" * 65, 'quo"te'])
async def test_a_key_with_other_characters_is_400(http: httpx.AsyncClient, key: str):
    assert (await add_keys(http, key)).status_code == 400


async def test_the_101st_key_is_409_and_adds_nothing(http: httpx.AsyncClient):
    await add_keys(http, *(str(number) for number in range(99)))

    answer = await add_keys(http, "99", "100")

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Maximum number of label keys (100) exceeded."
    assert len((await http.get(KEYS)).json()["value"]) == 99


async def test_a_key_is_renamed_and_described(http: httpx.AsyncClient):
    await add_keys(http, "team", "env")

    renamed = await http.patch(f"{KEYS}/1", json={"key": "crew", "description": "Who"})
    clash = await http.patch(f"{KEYS}/1", json={"key": "env"})
    same = await http.patch(f"{KEYS}/1", json={"key": "crew", "description": None})

    assert renamed.json() == {"id": 1, "key": "crew", "description": "Who"}
    assert clash.status_code == 409
    assert clash.json()["error"]["message"] == "Label key with new name already exists."
    assert same.json() == {"id": 1, "key": "crew", "description": None}
    assert (await http.patch(f"{KEYS}/9", json={"key": "x"})).status_code == 404


async def test_labels_of_a_project_are_replaced_and_shown_with_it(http: httpx.AsyncClient):
    await add_keys(http, "team")
    await http.put(LABELS, json={"value": [{"key": "old", "value": "1"}]})

    put = await http.put(
        LABELS, json={"value": [{"key_id": 1, "value": "a"}, {"key": "env", "value": "prod"}]}
    )

    assert put.status_code == 200
    assert put.json()["value"] == [
        {"key_id": 3, "key": "env", "value": "prod"},
        {"key_id": 1, "key": "team", "value": "a"},
    ]
    assert (await http.get(LABELS)).json()["value"] == [
        {"key": "env", "value": "prod"},
        {"key": "team", "value": "a"},
    ]
    assert (await http.get("/cloud/v6/projects/1")).json()["labels"] == {"env": "prod", "team": "a"}


@pytest.mark.parametrize(
    "labels",
    [
        [{"value": "a"}],
        [{"key_id": 1, "key": "team", "value": "a"}],
        [{"key_id": 9, "value": "a"}],
        [{"key": "team", "value": "a"}, {"key_id": 1, "value": "b"}],
        [{"key": "team", "value": "two words"}],
        [{"key": str(number), "value": "a"} for number in range(31)],
    ],
)
async def test_labels_that_name_no_key_or_one_twice_are_400(http: httpx.AsyncClient, labels: list[Any]):
    await add_keys(http, "team")
    await http.put(LABELS, json={"value": [{"key": "team", "value": "kept"}]})

    assert (await http.put(LABELS, json={"value": labels})).status_code == 400
    assert [label["value"] for label in (await http.get(LABELS)).json()["value"]] == ["kept"]


async def test_the_501st_pair_of_key_and_value_is_409(http: httpx.AsyncClient, store: Store):
    projects = [1, *(store.projects.create(str(number)).id for number in range(17))]

    statuses = [
        (
            await http.put(
                f"/cloud/v6/projects/{project}/labels",
                json={"value": [{"key": f"k{number}", "value": str(project)} for number in range(30)]},
            )
        ).status_code
        for project in projects
    ]
    shared = await http.put(
        f"/cloud/v6/projects/{projects[-1]}/labels", json={"value": [{"key": "k0", "value": "1"}]}
    )

    assert statuses == [200] * 16 + [409] * 2
    assert shared.status_code == 200


async def test_one_label_is_taken_off_by_the_name_of_its_key(http: httpx.AsyncClient):
    await http.put(LABELS, json={"value": [{"key": "team/a", "value": "1"}, {"key": "env", "value": "2"}]})

    assert (await http.delete(f"{LABELS}/team%2Fa")).status_code == 204
    assert [label["key"] for label in (await http.get(LABELS)).json()["value"]] == ["env"]
    assert (await http.delete(f"{LABELS}/team%2Fa")).status_code == 404


async def test_deleting_a_key_takes_it_off_all_projects(http: httpx.AsyncClient):
    await http.put(LABELS, json={"value": [{"key": "team", "value": "1"}]})

    assert (await http.delete(f"{KEYS}/1")).status_code == 204
    assert (await http.get(LABELS)).json() == {"value": []}
    assert (await http.delete(f"{KEYS}/1")).status_code == 404


async def test_labels_of_an_unknown_project_are_404(http: httpx.AsyncClient):
    url = "/cloud/v6/projects/9/labels"

    assert (await http.get(url)).status_code == 404
    assert (await http.put(url, json={"value": []})).status_code == 404
    assert (await http.delete(f"{url}/team")).status_code == 404
