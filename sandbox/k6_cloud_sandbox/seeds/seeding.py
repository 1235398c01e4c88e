"""The content of a new sandbox: a default project with three small tests of the demo target."""

from importlib.resources import files

from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.store.store import Store

DEFAULT_PROJECT = "Default project"
_SEEDS = {"Smoke test": "smoke.js", "Stages test": "stages.js", "Thresholds test": "thresholds.js"}


def seed(store: Store) -> Store:
    """Fill a store that has no projects yet; any other stays as it is."""
    if store.projects.default() is None:
        project = store.projects.create(DEFAULT_PROJECT, is_default=True)
        for name, file in _SEEDS.items():
            with Script.from_chunks([(files("k6_cloud_sandbox") / "seeds" / file).read_bytes()]) as script:
                store.load_tests.create(project.id, name, script)
    return store
