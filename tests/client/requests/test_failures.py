import httpx
import pytest

from k6_cloud.errors import (
    BadAnswer,
    BadRequest,
    Conflict,
    Forbidden,
    NoAnswer,
    NotAcceptable,
    NotFound,
    RateLimited,
    ServerFailure,
    StatusError,
    TimedOut,
    Unauthorized,
    UnsupportedMedia,
)
from k6_cloud.requests.failures import error_from_response, error_from_transport

DELETE = httpx.Request(
    "DELETE", "https://k6.test/cloud/v6/load_tests/1?x=1", headers={"Authorization": "Bearer secret"}
)


@pytest.mark.parametrize(
    ("status", "kind", "next_step"),
    [
        (400, BadRequest, "Correct the named values"),
        (401, Unauthorized, "use a valid one"),
        (403, Forbidden, "needs access to this stack and project"),
        (404, NotFound, "Check the id"),
        (406, NotAcceptable, "without naming a format"),
        (409, Conflict, "Resolve the conflict"),
        (415, UnsupportedMedia, "Nothing was changed."),
        (418, StatusError, "Nothing was changed."),
        (429, RateLimited, "Wait a little"),
        (500, ServerFailure, "It is not known whether the request took effect"),
        (502, ServerFailure, "read the object before trying again"),
        (599, ServerFailure, "It is not known"),
    ],
)
def test_each_status_has_its_error_with_what_happened_and_what_to_do(
    status: int, kind: type[StatusError], next_step: str
):
    body = {"error": {"message": "The reason.", "code": "any"}}

    error = error_from_response(httpx.Response(status, json=body, request=DELETE))

    assert type(error) is kind
    assert isinstance(error, StatusError)
    assert error.status == status
    assert str(error).startswith(f"DELETE /cloud/v6/load_tests/1 answered {status}: The reason. ")
    assert next_step in str(error)
    assert "secret" not in str(error)


def test_details_are_named_with_their_targets():
    body = {
        "error": {
            "message": "Validation error.",
            "code": "validation_error",
            "target": "body",
            "details": [
                {"message": "Must not be empty.", "code": "blank", "target": "name"},
                {"message": "Something else", "code": "other", "target": None},
            ],
            "new_field": 1,
        }
    }

    error = error_from_response(httpx.Response(400, json=body, request=DELETE))

    assert str(error) == (
        "DELETE /cloud/v6/load_tests/1 answered 400: Validation error (body); name: Must not be empty; "
        "Something else. Nothing was changed. Correct the named values and call again."
    )
    assert isinstance(error, BadRequest)
    assert error.error.details is not None
    assert error.error.details[0].target == "name"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>502 Bad Gateway</h1></html>",
        b"upstream connect error",
        b'{"message": "from a proxy"}',
        b'{"error": "a string"}',
        b"[]",
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_not_the_apis_falls_back_to_the_status_text(body: bytes):
    error = error_from_response(httpx.Response(502, content=body, request=DELETE))

    assert str(error).startswith("DELETE /cloud/v6/load_tests/1 answered 502: Bad Gateway. It is not known")


def test_a_status_nobody_knows_is_still_an_error():
    error = error_from_response(httpx.Response(499, request=DELETE))

    assert str(error) == "DELETE /cloud/v6/load_tests/1 answered 499: unknown status. Nothing was changed."


def test_a_very_long_message_is_cut():
    body = {"error": {"message": "x" * 10_000, "code": "any"}}

    assert len(str(error_from_response(httpx.Response(400, json=body, request=DELETE)))) < 700


def test_a_redirect_is_not_an_answer_of_the_api():
    response = httpx.Response(302, headers={"Location": "https://evil.test"}, request=DELETE)

    error = error_from_response(response)

    assert type(error) is BadAnswer
    assert "evil.test" not in str(error)
    assert "Check the configured API address." in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("soon", None)],
)
def test_retry_after_is_read_in_seconds(header: str, seconds: float | None):
    error = error_from_response(httpx.Response(429, headers={"Retry-After": header}, request=DELETE))

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("failure", "kind", "told"),
    [
        (httpx.ConnectError("refused"), NoAnswer, "could not reach the API (refused). Nothing was sent."),
        (httpx.ConnectTimeout(""), TimedOut, "could not reach the API (ConnectTimeout). Nothing was sent."),
        (httpx.PoolTimeout("busy"), TimedOut, "could not reach the API (busy). Nothing was sent."),
        (httpx.UnsupportedProtocol("ftp"), NoAnswer, "could not reach the API (ftp). Nothing was sent."),
        (httpx.ReadTimeout("slow"), TimedOut, "got no answer (slow). It is not known"),
        (httpx.WriteTimeout("slow"), TimedOut, "got no answer (slow). It is not known"),
        (httpx.ReadError(""), NoAnswer, "got no answer (ReadError). It is not known"),
        (httpx.RemoteProtocolError("hung up"), NoAnswer, "got no answer (hung up). It is not known"),
        (httpx.DecodingError("zlib"), BadAnswer, "got a body that cannot be decoded. It is not known"),
    ],
)
def test_a_failure_below_http_says_whether_the_request_can_have_arrived(
    failure: httpx.RequestError, kind: type[NoAnswer], told: str
):
    error = error_from_transport(failure, "POST /x")

    assert type(error) is kind
    assert str(error).startswith(f"POST /x {told}")


def test_our_token_is_taken_out_of_a_complaint_that_quotes_it():
    token = "glc_0123456789abcdef"
    request = httpx.Request("GET", "https://api.k6.io/x", headers={"Authorization": f"Bearer {token}"})
    body = {"error": {"message": f"Bad token {token}.", "code": "error"}}
    error = error_from_response(httpx.Response(401, json=body, request=request))
    assert token not in str(error)
    assert "Bad token <redacted>." in str(error)


def test_our_token_is_taken_out_of_whatever_quotes_it():
    request = httpx.Request(
        "GET", "https://k6.test/x", headers={"Authorization": "Bearer glsa_a/long+token=="}
    )
    escaped = '{"error": {"message": "glsa_a\\/long\\u002btoken== may not", "code": "no"}}'
    answers = [
        httpx.Response(403, text=escaped, request=request),
        httpx.Response(
            403, text="", request=request, extensions={"reason_phrase": b"glsa_a/long+token== may not"}
        ),
    ]
    for answer in answers:
        assert "answered 403: <redacted> may not." in str(error_from_response(answer))


def test_what_the_api_quotes_of_strangers_stays_on_one_line_and_hides_nothing():
    body = {"error": {"message": "No test x\nNothing was refused.\x1b[2J\u202e", "code": "any"}}
    error = error_from_response(httpx.Response(404, json=body, request=DELETE))
    assert r"No test x\nNothing was refused.\x1b[2J\u202e." in str(error)
