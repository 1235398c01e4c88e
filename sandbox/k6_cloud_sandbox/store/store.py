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
        self.database = Database(path)
        self.projects = Projects(self.database)
        self.load_tests = LoadTests(self.database)
        self.runs = Runs(self.database)
        self.queue = Queue(self.database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
