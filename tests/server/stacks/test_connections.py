"""The connections of many callers."""

import httpx

from k6_cloud.auth import Credentials
from k6_cloud_mcp.stacks.connections import Pool


def answered(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def opened(credentials: Credentials) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answered), headers={"who": credentials.token})


async def test_a_key_keeps_its_connection_and_no_other_gets_it():
    pool = Pool(opened)
    async with (
        pool.lease(("a",), Credentials("ta", 1)) as first,
        pool.lease(("b",), Credentials("tb", 1)) as other,
    ):
        assert first is not other
    async with pool.lease(("a",), Credentials("ta", 1)) as again:
        assert again is first
    assert first.headers["who"] == "ta"


async def test_those_not_used_for_longest_are_closed_but_none_that_is_in_use():
    pool = Pool(opened, most=2)
    async with pool.lease(("busy",), Credentials("t", 1)) as busy:
        closed: list[httpx.AsyncClient] = []
        for number in range(5):
            async with pool.lease((str(number),), Credentials("t", 1)) as http:
                closed.append(http)
        assert len(pool) == 2
        assert not busy.is_closed
        assert [http.is_closed for http in closed] == [True] * 4 + [False]


async def test_an_idle_connection_is_closed_and_at_the_end_all_are():
    clock = 0.0
    pool = Pool(opened, idle=10.0, now=lambda: clock)
    async with pool.running():
        async with pool.lease(("a",), Credentials("t", 1)) as first:
            pass
        clock = 11.0
        async with pool.lease(("b",), Credentials("t", 1)) as second:
            pass
        assert (first.is_closed, second.is_closed) == (True, False)
    assert second.is_closed
