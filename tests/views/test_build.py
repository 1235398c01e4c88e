import json
import subprocess
from pathlib import Path

import pytest
from support.view_host import UI, require_node_modules

from k6_cloud_mcp.views import apps

BUILT = Path(apps.__file__).parent


def test_the_built_views_are_what_their_source_builds(tmp_path: Path):
    require_node_modules()
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=UI, check=True, capture_output=True)
    for file in sorted(tmp_path.iterdir()):
        assert (BUILT / file.name).read_bytes() == file.read_bytes(), (
            f"{file.name}: run `npm run build` in ui/"
        )


def test_the_source_of_the_views_keeps_to_strict_types():
    require_node_modules()
    command = ["node_modules/.bin/tsc", "--noEmit"]
    checked = subprocess.run(command, cwd=UI, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_lock_file_names_no_registry_and_pins_every_package():
    if not UI.is_dir():
        pytest.skip("The views' source is not here.")
    packages = json.loads((UI / "package-lock.json").read_text("utf-8"))["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if name and "integrity" not in package]
