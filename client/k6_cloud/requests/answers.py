"""Answers that are not what the API documents: a page of a proxy, a broken or foreign body."""

from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from k6_cloud.errors import MAYBE_DONE, BadAnswer, next_step_after
from k6_cloud.safe_text import one_line

Model = TypeVar("Model", bound=BaseModel)
_NO_SCRIPTS = ("text/html", "application/xhtml", "application/json")


def parse(model: type[Model], response: httpx.Response) -> Model:
    """Read the body of a success. Raises BadAnswer if it is not what the API documents."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise _foreign(
            response, f"the documented {model.__name__} ({error.error_count()} problems: {_first(error)})"
        ) from error


def require_no_page(response: httpx.Response) -> None:
    """Raise BadAnswer if a success that should be empty has a body that is not JSON: a proxy answered."""
    if response.content and not _kind(response).startswith("application/json"):
        raise _foreign(response, "the empty one that the API gives")


def require_script(response: httpx.Response) -> None:
    """Raise BadAnswer if a download is a page or a document: a proxy answered."""
    if _kind(response).startswith(_NO_SCRIPTS):
        raise _foreign(response, f"a script: it is {_kind(response)}")


def _kind(response: httpx.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _foreign(response: httpx.Response, expected: str) -> BadAnswer:
    call = f"{response.request.method} {response.request.url.path}"
    return BadAnswer(
        f"{call} answered {response.status_code}, but its answer is not {expected}. "
        f"{next_step_after(call, MAYBE_DONE)} Check that the configured address is the k6 API."
    )


def _first(error: ValidationError) -> str:
    """Name the first problem, without the value: it may be anything."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return one_line(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}")
