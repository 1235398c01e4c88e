import logging
from collections.abc import Generator

import pytest
from support import skips
from support.loopback import free_port


@pytest.fixture(autouse=True)
def state_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what servers remember, in this process and in those it starts, out of the user's own folders."""
    monkeypatch.setenv("K6_MCP_STATE_DIR", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def logging_as_before() -> Generator[None, None, None]:
    """Undo what a command does to logging, whose stream ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skips.tell(terminalreporter)


def pytest_sessionfinish(session: pytest.Session) -> None:
    skips.fail_on_surprises(session)


@pytest.fixture
def unused_port() -> int:
    return free_port()
