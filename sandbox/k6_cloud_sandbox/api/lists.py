"""Lists: paging, ordering, and the link to the next page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from pydantic import SerializerFunctionWrapHandler, model_serializer

from k6_cloud.models import Page
from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.store.paging import Rows, Slice

Item = TypeVar("Item")
Order = list[tuple[str, bool]]
_LARGEST_PAGE = 1000
_LARGEST_ID = 2**63 - 1
_ONLY_IF_SET = ("@count", "@nextLink")


class Listing(Page[Item]):
    """A page as it is sent: `@count` only when asked for, `@nextLink` only before the last page."""

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        sent: dict[str, Any] = handler(self)
        return {key: value for key, value in sent.items() if key not in _ONLY_IF_SET or value is not None}


@dataclass(frozen=True)
class Paging:
    """The paging parameters of a request."""

    request: Request
    top: Annotated[int, Query(alias="$top", ge=0, le=_LARGEST_PAGE)] = _LARGEST_PAGE
    skip: Annotated[int, Query(alias="$skip", ge=0, le=_LARGEST_ID)] = 0
    count: Annotated[bool, Query(alias="$count")] = False

    def slice(self, order: Order | None = None) -> Slice:
        """The rows asked for; without an order the oldest come first."""
        return Slice(self.top, self.skip, order or [])

    def listing(self, rows: Rows[Item]) -> Listing[Item]:
        """The answer with these rows."""
        following = self.skip + self.top
        more = self.top > 0 and following < rows.total
        return Listing[Item].model_validate(
            {
                "value": rows.items,
                "@count": rows.total if self.count else None,
                "@nextLink": self._link(following) if more else None,
            }
        )

    def _link(self, skip: int) -> str:
        """This request's address with another `$skip`; all other parameters stay, percent-encoded."""
        return str(self.request.url.include_query_params(**{"$skip": skip, "$top": self.top}))


def ordering(*fields: str) -> Callable[..., Order]:
    """A dependency that reads `$orderby`: a comma list of `field[ asc|desc]`."""

    def order(orderby: Annotated[str, Query(alias="$orderby")] = "") -> Order:
        terms = [_term(term, fields) for term in orderby.split(",")] if orderby.strip() else []
        if len({name for name, _ in terms}) < len(terms):
            raise InvalidRequest.field("$orderby", "A field is named twice.")
        return terms

    return order


def _term(text: str, fields: tuple[str, ...]) -> tuple[str, bool]:
    name, _, direction = text.strip().partition(" ")
    if name not in fields or direction.strip().lower() not in ("", "asc", "desc"):
        raise InvalidRequest.field(
            "$orderby", f"{text.strip()[:40]!r} is not one of {', '.join(fields)} with asc or desc after it."
        )
    return name, direction.strip().lower() == "desc"
