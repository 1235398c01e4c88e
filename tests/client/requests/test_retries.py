import anyio
import httpx
import pytest

from k6_cloud.errors import (
    BadAnswer,
    K6CloudError,
    NoAnswer,
    ScriptTooLarge,
    StatusError,
    TimedOut,
)
from k6_cloud.requests.failures import error_from_response
from k6_cloud.requests.retries import NO_RETRIES, Retries

QUICK = Retries(attempts=3, wait=0.0, wait_max=0.0)


def status(code: int, **headers: str) -> K6CloudError:
    request = httpx.Request("GET", "https://k6.test/x")
    return error_from_response(httpx.Response(code, headers=headers, request=request))


class Call:
    """Fails with each error in turn, then succeeds; counts its attempts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.attempts: list[int] = []

    async def __call__(self, attempt: int) -> str:
        self.attempts.append(attempt)
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize(
    "error", [NoAnswer("reset"), TimedOut("slow"), status(500), status(503), status(429)]
)
async def test_a_failure_that_may_pass_is_tried_again(error: K6CloudError):
    call = Call(error, error)

    assert await QUICK.run(call) == "done"
    assert call.attempts == [1, 2, 3]


@pytest.mark.parametrize(
    "error", [status(400), status(401), status(404), status(409), BadAnswer("page"), ScriptTooLarge("big")]
)
async def test_a_failure_that_stays_is_raised_at_once(error: K6CloudError):
    call = Call(error)

    with pytest.raises(type(error)):
        await QUICK.run(call)
    assert call.attempts == [1]


async def test_the_last_failure_is_raised():
    call = Call(NoAnswer("first"), NoAnswer("second"), NoAnswer("third"))

    with pytest.raises(NoAnswer, match="third"):
        await QUICK.run(call)


async def test_no_retries_means_one_attempt():
    call = Call(NoAnswer("reset"))

    with pytest.raises(NoAnswer):
        await NO_RETRIES.run(call)
    assert call.attempts == [1]


async def test_retry_after_takes_the_place_of_our_own_wait():
    patient = Retries(attempts=2, wait=3600.0, wait_max=3600.0)
    call = Call(status(429, **{"Retry-After": "0"}))

    with anyio.fail_after(5):
        assert await patient.run(call) == "done"


async def test_retry_after_is_waited_for():
    call = Call(status(503, **{"Retry-After": "0.2"}))
    begin = anyio.current_time()

    await QUICK.run(call)

    assert anyio.current_time() - begin >= 0.2


async def test_an_overlong_retry_after_is_reported_and_not_waited_for():
    call = Call(status(429, **{"Retry-After": "3600"}))

    with anyio.fail_after(5), pytest.raises(StatusError) as caught:
        await QUICK.run(call)

    assert caught.value.retry_after == 3600
    assert call.attempts == [1]
