from pathlib import Path

from k6_cloud_sandbox.engine.engine_lock import Owner, owning


def test_an_owner_lives_until_its_block_ends(tmp_path: Path):
    with owning(tmp_path) as one, owning(tmp_path) as other:
        assert not one.is_dead(other.name)
        assert not one.is_dead(one.name)

    assert one.is_dead(other.name)
    assert list(tmp_path.iterdir()) == []


def test_an_owner_that_left_its_lock_file_behind_is_dead(tmp_path: Path):
    (tmp_path / "crashed.lock").touch()

    with owning(tmp_path) as owner:
        assert owner.is_dead("crashed")
        owner.forget("crashed")

    assert not (tmp_path / "crashed.lock").exists()


def test_in_memory_there_is_nobody_else():
    assert not Owner("me", None).is_dead("another")
