"""Failures that arrive in groups, as task groups raise them."""


def first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure that is not itself a group."""
    failure = failures.exceptions[0]
    return first_of(failure) if isinstance(failure, BaseExceptionGroup) else failure  # pyright: ignore[reportUnknownArgumentType]
