"""The credentials and the address in the environment, under the names that k6 itself uses."""

from collections.abc import Mapping

from k6_cloud.auth import Credentials
from k6_cloud.config.addresses import safe_address
from k6_cloud.config.k6_login import Login, read_login
from k6_cloud.errors import ConfigurationError

TOKEN = "K6_CLOUD_TOKEN"
STACK_ID = "K6_CLOUD_STACK_ID"
STACK_URL = "K6_CLOUD_STACK_URL"
HOST = "K6_CLOUD_HOST_V6"


def credentials_of(env: Mapping[str, str], login: Login | None = None) -> Credentials:
    """Return the token and stack of the environment, completed by the login that `k6 cloud login` stored.

    A blank variable counts as not set. A stack is taken whole, from the environment or from the login.
    Raises ConfigurationError if the token or the stack is missing, or one of them cannot be used.
    """
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    if not _is_complete(given):
        login = read_login(env=env) if login is None else login
    stored = login or Login()
    token = given.get(TOKEN) or (stored.token.get_secret_value() if stored.token else "")
    stack_id, stack_url = _stack(given, stored)
    if missing := _missing(token, stack_id or stack_url):
        raise ConfigurationError(f"{missing} is not set. Set it, or run `k6 cloud login`.")
    return Credentials(token, stack_id, stack_url)


def address_of(env: Mapping[str, str], default: str) -> str:
    """Return the address of the API. Raises ConfigurationError if the token would not be safe on its way there."""
    address = env.get(HOST, "").strip()
    try:
        return safe_address(address) if address else default
    except ValueError as error:
        raise ConfigurationError(f"{HOST} {error}.") from error


def _is_complete(given: Mapping[str, str]) -> bool:
    return TOKEN in given and (STACK_ID in given or STACK_URL in given)


def _stack(given: Mapping[str, str], stored: Login) -> tuple[int | None, str | None]:
    if STACK_ID not in given and STACK_URL not in given:
        return stored.stack_id, stored.stack_url
    number = given.get(STACK_ID)
    if number is not None and not (number.isascii() and number.isdigit() and len(number) < 20):
        raise ConfigurationError(
            f"{STACK_ID} is not a number. Set it to the id of your stack, or set {STACK_URL}."
        )
    return (int(number) if number else None), given.get(STACK_URL)


def _missing(token: str, stack: int | str | None) -> str | None:
    return " and ".join(
        name for name, value in ((TOKEN, token), (f"{STACK_ID} or {STACK_URL}", stack)) if not value
    )
