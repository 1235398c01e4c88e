"""Retention of results: a saved run is kept until somebody takes that back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from k6_cloud_sandbox.errors import Conflict
from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.runs import get_run

_KEPT = timedelta(days=30)
_RESULTS = ("outcomes", "metrics", "metric_series", "metric_chunks")
_EXPIRED = "FROM {} WHERE test_run_id IN (SELECT id FROM test_runs WHERE retention_expiry <= ?)"


class Retention:
    """The runs' dates of expiry; `clock` tells the present."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def save(self, run_id: int) -> None:
        """Keep the results for ever. Raises NotFound, or Conflict when they are deleted already."""
        with self._database.write() as connection:
            expiry = get_run(connection, run_id).retention_expiry
            if expiry and expiry <= self._clock():
                raise Conflict("Test run has been deleted.")
            connection.execute("UPDATE test_runs SET retention_expiry = NULL WHERE id = ?", [run_id])

    def unsave(self, run_id: int) -> None:
        """Keep the results for another 30 days, unless they have a date already. Raises NotFound."""
        expiry = moment(self._clock() + _KEPT)
        with self._database.write() as connection:
            get_run(connection, run_id)
            connection.execute(
                "UPDATE test_runs SET retention_expiry = coalesce(retention_expiry, ?) WHERE id = ?",
                [expiry, run_id],
            )

    def delete_expired(self) -> None:
        """Delete the results of runs whose date is past; the runs themselves stay."""
        values = [moment(self._clock())]
        with self._database.read() as connection:
            expired = any(
                connection.execute(f"SELECT 1 {_EXPIRED.format(table)} LIMIT 1", values).fetchone()
                for table in _RESULTS
            )
        if expired:
            with self._database.write() as connection:
                for table in _RESULTS:
                    connection.execute(f"DELETE {_EXPIRED.format(table)}", values)
