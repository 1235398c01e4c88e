"""Everything the sandbox remembers."""

from pathlib import Path

from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.load_tests import LoadTests
from k6_cloud_sandbox.store.projects import Projects
from k6_cloud_sandbox.store.queue import Queue
from k6_cloud_sandbox.store.runs import Runs


class Store:
    """The tables of one database: in the file at `path`, or in memory. Calls block: make them in a thread."""

    def __init__(self, path: Path | None) -> None:
        self._database = Database(path)
        self.projects = Projects(self._database)
        self.load_tests = LoadTests(self._database)
        self.runs = Runs(self._database)
        self.queue = Queue(self._database)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
