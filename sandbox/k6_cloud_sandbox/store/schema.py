"""The tables, as steps from one version of the database (`PRAGMA user_version`) to the next."""

import sqlite3

from k6_cloud_sandbox.errors import SandboxError

_VERSION_1 = """
CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    is_default INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE scripts (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
);
CREATE TABLE load_tests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    script_id INTEGER REFERENCES scripts (id),
    baseline_test_run_id INTEGER REFERENCES test_runs (id) ON DELETE SET NULL,
    k6_version INTEGER,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (project_id, name)
);
CREATE TABLE test_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    test_id INTEGER NOT NULL REFERENCES load_tests (id) ON DELETE CASCADE,
    script_id INTEGER REFERENCES scripts (id),
    created TEXT NOT NULL,
    ended TEXT,
    note TEXT NOT NULL DEFAULT '',
    started_by TEXT,
    status TEXT NOT NULL,
    status_history TEXT NOT NULL,
    result TEXT,
    result_details TEXT,
    options TEXT,
    cost TEXT,
    distribution TEXT,
    k6_versions TEXT NOT NULL DEFAULT '{}',
    max_vus INTEGER,
    max_browser_vus INTEGER,
    estimated_duration INTEGER,
    execution_duration INTEGER NOT NULL DEFAULT 0,
    is_starred INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    abort_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX test_runs_of_test ON test_runs (test_id, created);
CREATE INDEX test_runs_under_way ON test_runs (status) WHERE ended IS NULL;
CREATE INDEX load_tests_by_script ON load_tests (script_id);
CREATE INDEX load_tests_by_baseline ON load_tests (baseline_test_run_id);
CREATE INDEX test_runs_by_script ON test_runs (script_id);
CREATE TABLE outcomes (
    test_run_id INTEGER PRIMARY KEY REFERENCES test_runs (id) ON DELETE CASCADE,
    thresholds TEXT NOT NULL,
    checks TEXT NOT NULL,
    summary BLOB,
    report BLOB
);
CREATE TABLE idempotency_keys (
    test_id INTEGER NOT NULL REFERENCES load_tests (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    test_run_id INTEGER NOT NULL REFERENCES test_runs (id) ON DELETE CASCADE,
    created TEXT NOT NULL,
    PRIMARY KEY (test_id, key)
)
"""
_VERSION_2 = """
ALTER TABLE projects ADD COLUMN vuh_max_per_month INTEGER;
ALTER TABLE projects ADD COLUMN vu_max_per_test INTEGER;
ALTER TABLE projects ADD COLUMN vu_browser_max_per_test INTEGER;
ALTER TABLE projects ADD COLUMN duration_max_per_test INTEGER;
ALTER TABLE test_runs ADD COLUMN retention_expiry TEXT;
CREATE INDEX test_runs_by_retention ON test_runs (retention_expiry) WHERE retention_expiry IS NOT NULL;
CREATE TABLE load_zones (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    k6_load_zone_id TEXT NOT NULL UNIQUE,
    available INTEGER NOT NULL DEFAULT TRUE,
    public INTEGER NOT NULL DEFAULT TRUE
);
CREATE TABLE allowed_load_zones (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    load_zone_id INTEGER NOT NULL REFERENCES load_zones (id) ON DELETE CASCADE,
    PRIMARY KEY (project_id, load_zone_id)
);
CREATE INDEX allowed_load_zones_by_zone ON allowed_load_zones (load_zone_id);
CREATE TABLE label_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    description TEXT
);
CREATE TABLE project_labels (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES label_keys (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    PRIMARY KEY (project_id, key_id)
);
CREATE INDEX project_labels_by_key ON project_labels (key_id);
CREATE TABLE schedules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    test_id INTEGER NOT NULL UNIQUE REFERENCES load_tests (id) ON DELETE CASCADE,
    plan TEXT NOT NULL,
    deactivated INTEGER NOT NULL DEFAULT FALSE,
    created_by TEXT,
    next_run TEXT,
    missed_since TEXT
);
CREATE INDEX schedules_by_next_run ON schedules (next_run);
INSERT INTO load_zones (k6_load_zone_id, name) VALUES
    ('amazon:us:ashburn', 'Ashburn, US (Amazon)'),
    ('amazon:us:columbus', 'Columbus, US (Amazon)'),
    ('amazon:us:palo alto', 'Palo Alto, US (Amazon)'),
    ('amazon:us:portland', 'Portland, US (Amazon)'),
    ('amazon:ca:montreal', 'Montreal, Canada (Amazon)'),
    ('amazon:br:sao paulo', 'São Paulo, Brazil (Amazon)'),
    ('amazon:ie:dublin', 'Dublin, Ireland (Amazon)'),
    ('amazon:gb:london', 'London, Great Britain (Amazon)'),
    ('amazon:fr:paris', 'Paris, France (Amazon)'),
    ('amazon:de:frankfurt', 'Frankfurt, Germany (Amazon)'),
    ('amazon:it:milan', 'Milan, Italy (Amazon)'),
    ('amazon:se:stockholm', 'Stockholm, Sweden (Amazon)'),
    ('amazon:bh:bahrain', 'Bahrain (Amazon)'),
    ('amazon:sa:cape town', 'Cape Town, South Africa (Amazon)'),
    ('amazon:in:mumbai', 'Mumbai, India (Amazon)'),
    ('amazon:sg:singapore', 'Singapore (Amazon)'),
    ('amazon:jp:osaka', 'Osaka, Japan (Amazon)'),
    ('amazon:jp:tokyo', 'Tokyo, Japan (Amazon)'),
    ('amazon:kr:seoul', 'Seoul, South Korea (Amazon)'),
    ('amazon:au:sydney', 'Sydney, Australia (Amazon)');
INSERT INTO load_zones (k6_load_zone_id, name, available) VALUES
    ('amazon:cn:hong kong', 'Hong Kong (Amazon)', FALSE);
INSERT INTO load_zones (k6_load_zone_id, name, public) VALUES
    ('sandbox-private', 'Private zone of the sandbox', FALSE)
"""
_VERSION_3 = """
CREATE TABLE metrics (
    test_run_id INTEGER NOT NULL REFERENCES test_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (test_run_id, number)
) WITHOUT ROWID;
CREATE TABLE metric_series (
    test_run_id INTEGER NOT NULL REFERENCES test_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    metric INTEGER NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (test_run_id, number)
) WITHOUT ROWID;
CREATE TABLE metric_chunks (
    id INTEGER PRIMARY KEY,
    test_run_id INTEGER NOT NULL REFERENCES test_runs (id) ON DELETE CASCADE,
    metric INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX metric_chunks_of_metric ON metric_chunks (test_run_id, metric, until)
"""
_VERSION_4 = "ALTER TABLE test_runs ADD COLUMN previewed TEXT"
_VERSIONS = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, in the caller's transaction. Raises SandboxError for a newer database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_VERSIONS):
        raise SandboxError(
            f"The sandbox's database has version {version}; this program knows up to {len(_VERSIONS)}. "
            "Nothing was changed. Update k6-cloud-mcp, or set K6_SANDBOX_DIR to another directory."
        )
    for script in _VERSIONS[version:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_VERSIONS)}")
