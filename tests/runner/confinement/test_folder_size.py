from pathlib import Path

from k6_runner.confinement.folder_size import SizeWatch, remove, size_of


def test_files_of_all_levels_count_and_empty_ones_too(tmp_path: Path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_bytes(b"x" * 1_000_000)
    (tmp_path / "empty").touch()
    assert 1_000_000 < size_of(str(tmp_path)) < 1_100_000
    for number in range(100):
        (tmp_path / f"empty-{number}").touch()
    assert size_of(str(tmp_path)) > 1_400_000


def test_a_link_counts_as_itself_and_is_not_followed(tmp_path: Path):
    (tmp_path / "big").write_bytes(b"x" * 1_000_000)
    (tmp_path / "room").mkdir()
    (tmp_path / "room/file").symlink_to(tmp_path / "big")
    (tmp_path / "room/folder").symlink_to(tmp_path)
    assert size_of(str(tmp_path / "room")) < 10_000


def test_only_growth_counts_against_the_limit(tmp_path: Path):
    (tmp_path / "script.tar").write_bytes(b"x" * 1_000_000)
    size = SizeWatch(str(tmp_path), 500_000)
    (tmp_path / "small").write_bytes(b"x" * 100_000)
    assert not size.exceeded
    (tmp_path / "large").write_bytes(b"x" * 600_000)
    assert size.exceeded
    size.wait()


def test_a_folder_is_removed_with_all_in_it_and_nothing_else(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (tmp_path / "room/a/b").mkdir(parents=True)
    (tmp_path / "room/a/b/file").touch()
    (tmp_path / "room/link").symlink_to(outside)
    remove(str(tmp_path / "room"))
    assert not (tmp_path / "room").exists()
    assert (outside / "kept").exists()
