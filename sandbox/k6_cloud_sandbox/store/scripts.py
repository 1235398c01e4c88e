"""Scripts by content: equal bytes are kept once, and moved in pieces so that size costs no memory."""

import sqlite3
from collections.abc import Iterator

from k6_cloud.scripts.script import CHUNK, Script


def add_script(connection: sqlite3.Connection, script: Script) -> int:
    """Keep the bytes of `script`, unless they are kept already; the id of its row."""
    row = connection.execute("SELECT id FROM scripts WHERE sha256 = ?", [script.sha256]).fetchone()
    if row:
        return row["id"]
    cursor = connection.execute(
        "INSERT INTO scripts (sha256, body) VALUES (?, zeroblob(?))", [script.sha256, script.size]
    )
    script_id = cursor.lastrowid or 0
    with connection.blobopen("scripts", "body", script_id) as blob:
        for offset in range(0, script.size, CHUNK):
            blob.write(script.read(offset, CHUNK))
    return script_id


def read_script(connection: sqlite3.Connection, script_id: int) -> Script:
    """A copy of a script, which the caller closes."""
    row = connection.execute("SELECT sha256 FROM scripts WHERE id = ?", [script_id]).fetchone()
    return Script.from_chunks(_pieces(connection, script_id), 2**31, row["sha256"])


def drop_unused_scripts(connection: sqlite3.Connection) -> None:
    """Delete the scripts that no test and no run refers to."""
    connection.execute(
        "DELETE FROM scripts WHERE NOT EXISTS (SELECT 1 FROM load_tests WHERE script_id = scripts.id)"
        " AND NOT EXISTS (SELECT 1 FROM test_runs WHERE script_id = scripts.id)"
    )


def _pieces(connection: sqlite3.Connection, script_id: int) -> Iterator[bytes]:
    with connection.blobopen("scripts", "body", script_id, readonly=True) as blob:
        while piece := blob.read(CHUNK):
            yield piece
