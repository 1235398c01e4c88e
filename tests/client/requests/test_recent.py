import httpx
import pytest

from k6_cloud.requests.recent import RecentAnswers

PROJECT = "/cloud/v6/projects/5"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Answers each read anew."""

    def __init__(self) -> None:
        self.reads = 0

    async def __call__(self) -> httpx.Response:
        self.reads += 1
        return httpx.Response(200, json={"read": self.reads})


async def read(recent: RecentAnswers, service: Service, path: str = PROJECT, key: str = "") -> int:
    return (await recent.read(path, key, 60, service)).json()["read"]


async def test_an_answer_serves_until_it_is_too_old():
    clock, service = Clock(), Service()
    recent = RecentAnswers(clock)

    assert [await read(recent, service), await read(recent, service)] == [1, 1]
    clock.now += 59
    assert await read(recent, service) == 1
    clock.now += 1
    assert await read(recent, service) == 2


async def test_other_parameters_are_another_answer():
    recent, service = RecentAnswers(), Service()

    assert [await read(recent, service, key=key) for key in ("a", "b", "a")] == [1, 2, 1]


async def test_a_write_drops_the_object_what_is_in_it_and_the_list_it_is_in():
    recent, service = RecentAnswers(), Service()
    paths = ["/cloud/v6/projects", PROJECT, f"{PROJECT}/labels", "/cloud/v6/projects/55", "/cloud/v6/labels"]
    for path in paths:
        await read(recent, service, path)
    recent.written(PROJECT)

    assert [await read(recent, service, path) for path in paths] == [6, 7, 8, 4, 5]


async def test_an_answer_that_a_write_overtook_is_not_kept():
    recent, service = RecentAnswers(), Service()

    async def overtaken() -> httpx.Response:
        answer = await service()
        recent.written("/cloud/v6/projects/9")
        return answer

    assert (await recent.read(PROJECT, "", 60, overtaken)).json() == {"read": 1}
    assert await read(recent, service) == 2


async def test_a_failed_read_is_not_kept():
    recent, service = RecentAnswers(), Service()

    async def failing() -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    with pytest.raises(httpx.ReadTimeout):
        await recent.read(PROJECT, "", 60, failing)
    assert await read(recent, service) == 1


async def test_the_oldest_answers_make_room_for_new_ones():
    recent, service = RecentAnswers(), Service()
    for number in range(2001):
        await read(recent, service, f"/x/{number}")

    assert await read(recent, service, "/x/1") == 2
    assert await read(recent, service, "/x/0") == 2002
