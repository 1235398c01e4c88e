from pathlib import Path

import psutil
import pytest

from k6_cloud.scripts.script import MIB, Script
from k6_cloud_sandbox.store.store import Store


@pytest.fixture
def project(store: Store) -> int:
    default = store.projects.default()
    assert default
    return default.id


def kept(store: Store) -> int:
    with store.database.read() as connection:
        return connection.execute("SELECT COUNT(*) FROM scripts").fetchone()[0]


def test_equal_scripts_are_kept_once_and_unused_ones_not_at_all(store: Store, project: int):
    with Script.from_chunks([b"one"]) as one, Script.from_chunks([b"two"]) as two:
        first = store.load_tests.create(project, "a", one)
        store.load_tests.create(project, "b", one)
        assert kept(store) == 1

        run = store.runs.start(first.id)
        store.load_tests.set_script(first.id, two)
        assert kept(store) == 2

    store.runs.abort(run.id)
    store.load_tests.delete(first.id)
    assert kept(store) == 1


def test_a_large_script_does_not_grow_the_process(tmp_path: Path):
    store = Store(tmp_path / "a.db")
    test = store.load_tests.create(store.projects.create("p").id, "a")
    process = psutil.Process()
    before = process.memory_info().rss

    with Script.from_chunks(number.to_bytes(2, "big") * (MIB // 2) for number in range(20)) as script:
        store.load_tests.set_script(test.id, script)
        with store.load_tests.script(test.id) as read:
            assert read.sha256 == script.sha256
        grown = process.memory_info().rss - before
    store.close()

    assert grown < 10 * MIB
