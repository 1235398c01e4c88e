from datetime import UTC, datetime, timedelta

from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.store import Store


def test_an_idempotency_key_is_forgotten_after_ten_minutes(store: Store):
    test = store.load_tests.create(1, "a")
    first = store.runs.start(test.id, "key")

    with store.database.write() as connection:
        past = moment(datetime.now(UTC) - timedelta(minutes=9, seconds=50))
        connection.execute("UPDATE idempotency_keys SET created = ?", [past])
    again = store.runs.start(test.id, "key")
    with store.database.write() as connection:
        past = moment(datetime.now(UTC) - timedelta(minutes=10, seconds=1))
        connection.execute("UPDATE idempotency_keys SET created = ?", [past])
    later = store.runs.start(test.id, "key")

    assert again.id == first.id
    assert later.id != first.id
