"""Failures that arrive in groups, as task groups raise them."""

from typing import TypeVar, cast

Failure = TypeVar("Failure", bound=BaseException)


def first_of(failures: BaseExceptionGroup[Failure]) -> Failure:
    """The first failure that is not itself a group."""
    failure = failures.exceptions[0]
    if isinstance(failure, BaseExceptionGroup):
        return first_of(cast(BaseExceptionGroup[Failure], failure))
    return failure
