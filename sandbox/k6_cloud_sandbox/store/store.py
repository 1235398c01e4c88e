"""Everything the sandbox remembers."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.labels import Labels
from k6_cloud_sandbox.store.limits import Limits
from k6_cloud_sandbox.store.load_tests import LoadTests
from k6_cloud_sandbox.store.load_zones import LoadZones
from k6_cloud_sandbox.store.metrics import Metrics
from k6_cloud_sandbox.store.projects import Projects
from k6_cloud_sandbox.store.queue import Queue
from k6_cloud_sandbox.store.quota import Allowances
from k6_cloud_sandbox.store.retention import Retention
from k6_cloud_sandbox.store.runs import Runs
from k6_cloud_sandbox.store.schedules import Schedules


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The tables of one database: in the file at `path`, or in memory. Calls block: make them in a thread.

    `clock` tells the present to schedules and retention.
    """

    def __init__(self, path: Path | None, clock: Callable[[], datetime] = _utc_now) -> None:
        self.database = Database(path)
        self.projects = Projects(self.database)
        self.load_tests = LoadTests(self.database)
        self.runs = Runs(self.database)
        self.limits = Limits(self.database)
        self.load_zones = LoadZones(self.database)
        self.allowances = Allowances(self.database)
        self.labels = Labels(self.database)
        self.schedules = Schedules(self.database, clock)
        self.retention = Retention(self.database, clock)
        self.queue = Queue(self.database)
        self.metrics = Metrics(self.database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
