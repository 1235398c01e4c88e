import sqlite3
import threading
from pathlib import Path

import pytest

from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.store.database import Database

COLUMNS = "name, is_default, created, updated"


def add(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(f"INSERT INTO projects ({COLUMNS}) VALUES (?, FALSE, '', '')", [name])


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["name"] for row in connection.execute("SELECT name FROM projects ORDER BY name")]


def test_every_commit_is_synced_to_a_write_ahead_log(tmp_path: Path):
    database = Database(tmp_path / "a.db")
    with database.read() as connection:
        modes = [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    database.close()

    assert modes == ["wal", 2]


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_transaction_that_fails_changes_nothing(tmp_path: Path, in_memory: bool):
    database = Database(None if in_memory else tmp_path / "a.db")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.executemany(f"INSERT INTO projects ({COLUMNS}) VALUES ('a', 0, '', '')", [[], []])
    add(database, "b")

    assert names(database) == ["b"]
    database.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_threads_write_without_losing_anything(tmp_path: Path, in_memory: bool):
    database = Database(None if in_memory else tmp_path / "a.db")
    expected = [f"{thread}-{number}" for thread in range(8) for number in range(10)]

    def work(thread: int) -> None:
        for number in range(10):
            add(database, f"{thread}-{number}")

    threads = [threading.Thread(target=work, args=[thread]) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names(database) == sorted(expected)
    database.close()


def test_a_reader_sees_one_state_while_another_writes(tmp_path: Path):
    database = Database(tmp_path / "a.db")
    with database.read() as connection:
        count = "SELECT COUNT(*) FROM projects"
        before = connection.execute(count).fetchone()[0]
        add(database, "a")
        assert connection.execute(count).fetchone()[0] == before

    assert names(database) == ["a"]
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path):
    path = tmp_path / "a.db"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(SandboxError, match=r"version 99.*K6_SANDBOX_DIR"):
        Database(path)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "a.db"
    path.write_bytes(b"something else " * 1000)

    with pytest.raises(SandboxError, match="cannot be opened"):
        Database(path)
    assert path.read_bytes() == b"something else " * 1000
