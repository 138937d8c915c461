"""The schema as a list of steps. Each step is literal and imports nothing of the app."""

from __future__ import annotations

from mlops_desktop.store.library import Database, Migrations

migrations = Migrations("mlops_desktop")

_M001 = """
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE dataset_versions (
    id INTEGER PRIMARY KEY,
    dataset_id INTEGER NOT NULL REFERENCES datasets(id),
    version INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    columns TEXT NOT NULL,
    manifest TEXT NOT NULL,
    profile TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    stored_bytes INTEGER NOT NULL,
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    warnings TEXT NOT NULL,
    parent_id INTEGER REFERENCES dataset_versions(id),
    created_at TEXT NOT NULL,
    UNIQUE (dataset_id, version)
) STRICT;

CREATE TABLE experiments (
    id INTEGER PRIMARY KEY,
    dataset_version_id INTEGER NOT NULL REFERENCES dataset_versions(id),
    spec TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments(id),
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    task TEXT,
    metric TEXT,
    value REAL,
    low REAL,
    high REAL,
    metrics TEXT NOT NULL DEFAULT '{}',
    warnings TEXT NOT NULL DEFAULT '[]',
    fraction REAL NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    seconds REAL,
    error TEXT NOT NULL DEFAULT '',
    files TEXT NOT NULL DEFAULT '{}',
    environment TEXT NOT NULL DEFAULT '{}',
    pid INTEGER,
    process_started REAL,
    owner_pid INTEGER NOT NULL,
    owner_started REAL NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT
) STRICT;
CREATE INDEX runs_experiment ON runs(experiment_id);

CREATE TABLE run_metrics (
    run_id INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE model_versions (
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models(id),
    version INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs(id),
    signature TEXT NOT NULL,
    gates TEXT NOT NULL,
    files TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (model_id, version)
) STRICT;

CREATE TABLE approvals (
    model_version_id INTEGER PRIMARY KEY REFERENCES model_versions(id),
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE aliases (
    model_id INTEGER NOT NULL REFERENCES models(id),
    alias TEXT NOT NULL,
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    PRIMARY KEY (model_id, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    previous_version_id INTEGER REFERENCES model_versions(id),
    state TEXT NOT NULL,
    port INTEGER,
    pid INTEGER,
    process_started REAL,
    token_file TEXT NOT NULL,
    keep INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    started_at TEXT
) STRICT;

CREATE TABLE segments (
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    name TEXT NOT NULL,
    offset INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (deployment_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    labelled INTEGER NOT NULL DEFAULT 0,
    counts TEXT NOT NULL,
    summary TEXT NOT NULL,
    reviewed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (deployment_id, model_version_id, start_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX windows_to_review ON windows(deployment_id, model_version_id) WHERE reviewed = 0;

CREATE TABLE label_batches (
    id INTEGER PRIMARY KEY,
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    rows INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE labels (
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    prediction_id TEXT NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES label_batches(id),
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    window_us INTEGER NOT NULL,
    actual TEXT NOT NULL,
    predicted TEXT NOT NULL,
    scores TEXT NOT NULL,
    PRIMARY KEY (deployment_id, prediction_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_window ON labels(deployment_id, model_version_id, window_us);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    until_us INTEGER,
    value REAL NOT NULL,
    threshold REAL NOT NULL,
    message TEXT NOT NULL,
    created_at TEXT NOT NULL,
    resolved_at TEXT
) STRICT;
CREATE INDEX alerts_deployment ON alerts(deployment_id, state);
"""

_M002 = """
ALTER TABLE dataset_versions ADD COLUMN actor TEXT NOT NULL DEFAULT '';
UPDATE dataset_versions SET actor = coalesce((
    SELECT a.actor FROM audit a JOIN datasets d ON d.id = dataset_versions.dataset_id
    WHERE a.action = 'dataset.imported' AND a.subject = d.name || '@' || dataset_versions.version
), '');
ALTER TABLE dataset_versions ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE dataset_versions ADD COLUMN deleted_at TEXT;
ALTER TABLE dataset_versions ADD COLUMN purged_at TEXT;
ALTER TABLE dataset_versions ADD COLUMN derived_from_id INTEGER REFERENCES dataset_versions(id);

CREATE TABLE dataset_tags (
    dataset_id INTEGER NOT NULL REFERENCES datasets(id),
    tag TEXT NOT NULL,
    dataset_version_id INTEGER NOT NULL REFERENCES dataset_versions(id),
    PRIMARY KEY (dataset_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_units (
    dataset_id INTEGER NOT NULL REFERENCES datasets(id),
    column_name TEXT NOT NULL,
    unit TEXT NOT NULL,
    PRIMARY KEY (dataset_id, column_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE recipes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE recipe_versions (
    id INTEGER PRIMARY KEY,
    recipe_id INTEGER NOT NULL REFERENCES recipes(id),
    version INTEGER NOT NULL,
    steps TEXT NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (recipe_id, version)
) STRICT;
ALTER TABLE dataset_versions ADD COLUMN recipe_version_id INTEGER REFERENCES recipe_versions(id);

CREATE TABLE check_suites (
    dataset_id INTEGER PRIMARY KEY REFERENCES datasets(id),
    rules TEXT NOT NULL,
    actor TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

CREATE TABLE check_results (
    dataset_version_id INTEGER PRIMARY KEY REFERENCES dataset_versions(id),
    outcomes TEXT NOT NULL,
    failed INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;

ALTER TABLE deployments ADD COLUMN second_version_id INTEGER REFERENCES model_versions(id);
ALTER TABLE deployments ADD COLUMN second_role TEXT;
ALTER TABLE deployments ADD COLUMN second_percent REAL;
ALTER TABLE deployments ADD COLUMN autostart INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deployments ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE deployments ADD COLUMN restarts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE label_batches ADD COLUMN undone_at TEXT;
ALTER TABLE label_batches ADD COLUMN actor TEXT NOT NULL DEFAULT '';

CREATE TABLE labels_of_batches (
    deployment_id INTEGER NOT NULL REFERENCES deployments(id),
    prediction_id TEXT NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES label_batches(id),
    model_version_id INTEGER NOT NULL REFERENCES model_versions(id),
    window_us INTEGER NOT NULL,
    actual TEXT NOT NULL,
    predicted TEXT NOT NULL,
    scores TEXT NOT NULL,
    counts INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (deployment_id, prediction_id, batch_id)
) STRICT, WITHOUT ROWID;
INSERT INTO labels_of_batches (deployment_id, prediction_id, batch_id, model_version_id, window_us,
    actual, predicted, scores)
    SELECT deployment_id, prediction_id, batch_id, model_version_id, window_us, actual, predicted,
        scores FROM labels;
DROP TABLE labels;
ALTER TABLE labels_of_batches RENAME TO labels;
CREATE INDEX labels_window ON labels(deployment_id, model_version_id, window_us) WHERE counts;
CREATE INDEX labels_batch ON labels(batch_id);
"""


def _run(db: Database, script: str) -> None:
    # executescript commits, which would split the migration: one statement at a time instead.
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m001_first_schema(db: Database) -> None:
    _run(db, _M001)


@migrations()
def m002_recipes_checks_and_rollouts(db: Database) -> None:
    _run(db, _M002)
