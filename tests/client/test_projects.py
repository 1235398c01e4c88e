import httpx

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.connection import connect

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
