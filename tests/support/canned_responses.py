"""A stand-in for the service that answers in turn."""

import httpx

LOAD_TEST = {
    "id": 1,
    "project_id": 2,
    "name": "smoke",
    "baseline_test_run_id": None,
    "created": "2024-12-03T09:53:00Z",
    "updated": "2024-12-03T09:53:00Z",
}


class Answers:
    """Answers in turn with what it was given; an exception is raised. Keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def request(self) -> httpx.Request:
        """The only request."""
        [request] = self.requests
        return request

    @property
    def asked(self) -> str:
        """Method and path of the only request."""
        return f"{self.request.method} {self.request.url.path}"
