from collections.abc import Mapping

import httpx

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect

PROJECT = {
    "id": 5,
    "name": "Default project",
    "is_default": True,
    "grafana_folder_uid": None,
    "created": "2024-12-03T09:53:00Z",
    "updated": "2024-12-03T09:53:00Z",
    "labels": {"team": "web"},
}


async def test_projects_are_listed_with_every_filter_the_api_has():
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("GET", "/cloud/v6/projects")
        assert dict(request.url.params) == {
            "name": "a & b",
            "name_search": "a",
            "$top": "20",
            "$skip": "40",
            "$orderby": "created desc",
            "$count": "true",
        }
        return httpx.Response(200, json={"value": [PROJECT], "@count": 41})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    page = await K6Cloud(http).projects.list(
        name="a & b", name_search="a", top=20, skip=40, order_by="created desc", count=True
    )

    assert page.count == 41
    assert [(project.name, project.labels) for project in page.value] == [
        ("Default project", {"team": "web"})
    ]


class Service:
    """Projects 1 to 12, whose names can be changed. Keeps what it was asked."""

    def __init__(self) -> None:
        self.names = {number: f"Project {number}" for number in range(1, 13)}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/cloud/v6/projects')}")
        _, _, number = request.url.path.rpartition("/")
        if not number.isdigit():
            named = request.url.params.get("name")
            rows = [self.row(one) for one, name in self.names.items() if named in (None, name)]
            return httpx.Response(200, json={"value": rows})
        if request.method == "PATCH":
            self.names[int(number)] = "Renamed"
            return httpx.Response(204)
        return (
            httpx.Response(200, json=self.row(int(number)))
            if int(number) in self.names
            else httpx.Response(404)
        )

    def row(self, number: int) -> Mapping[str, object]:
        return PROJECT | {"id": number, "name": self.names[number]}


def cloud(service: Service) -> K6Cloud:
    return K6Cloud(
        connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(service))
    )


async def test_a_project_is_found_by_its_exact_name_and_no_other_is_read():
    service = Service()
    k6 = cloud(service)

    found = await k6.projects.find("Project 3")
    missing = await k6.projects.find("Project")

    assert (found and found.id, missing) == (3, None)
    assert service.asked == ["GET ", "GET "]


async def test_names_of_a_few_projects_are_read_one_by_one_and_kept_for_a_minute():
    service = Service()
    k6 = cloud(service)

    assert await k6.projects.names([2, 1, 2, 99]) == {1: "Project 1", 2: "Project 2"}
    assert await k6.projects.names({1, 2}) == {1: "Project 1", 2: "Project 2"}
    assert sorted(service.asked) == ["GET /1", "GET /2", "GET /99"]


async def test_names_of_many_projects_are_read_in_one_list():
    service = Service()
    k6 = cloud(service)

    names = await k6.projects.names(range(1, 11))
    assert await k6.projects.names(range(3, 13)) != names

    assert names == {number: f"Project {number}" for number in range(1, 11)}
    assert service.asked == ["GET "]


async def test_own_writes_renew_the_names():
    service = Service()
    k6 = cloud(service)
    await k6.projects.names([1, 2])

    await k6.projects.update(1, "Renamed")

    assert await k6.projects.names([1, 2]) == {1: "Renamed", 2: "Project 2"}
    assert service.asked.count("GET /1") == 2
    assert service.asked.count("GET /2") == 1


async def test_a_read_of_a_project_is_never_an_old_one():
    service = Service()
    k6 = cloud(service)
    await k6.projects.names([1])
    service.names[1] = "Renamed elsewhere"

    assert (await k6.projects.get(1)).name == "Renamed elsewhere"
