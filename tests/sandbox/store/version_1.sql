-- The tables of the first version, with a row in each that has to outlive every later one.
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
);
INSERT INTO projects VALUES (1, 'Default project', TRUE, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z');
INSERT INTO scripts VALUES (1, 'a7ffc6f8', 'export default function () {}');
INSERT INTO load_tests VALUES
    (1, 1, 'Checkout', 1, NULL, NULL, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z');
INSERT INTO test_runs (id, test_id, script_id, created, ended, note, status, status_history, result, owner) VALUES
    (1, 1, 1, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:01:00.000000Z', 'first', 'completed',
     '[{"type": "completed", "entered": "2026-01-01T00:01:00Z"}]', 'passed', 'engine');
INSERT INTO outcomes VALUES (1, '[]', '[]', NULL, NULL);
INSERT INTO idempotency_keys VALUES (1, 'key', 1, '2026-01-01T00:00:00.000000Z');
PRAGMA user_version = 1;
