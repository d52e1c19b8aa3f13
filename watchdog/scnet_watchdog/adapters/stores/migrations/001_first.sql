-- Everything is kept per center and under the epoch of the owner that wrote it.
CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    host TEXT NOT NULL, pid INTEGER NOT NULL, boot TEXT NOT NULL,
    epoch INTEGER NOT NULL, since TEXT NOT NULL
);
CREATE TABLE instances (
    id TEXT PRIMARY KEY, center TEXT NOT NULL, epoch INTEGER NOT NULL,
    touched_at TEXT NOT NULL, data TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE centers (
    name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, data TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE holds (
    kind TEXT NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE attempts (
    instance TEXT NOT NULL, seq INTEGER NOT NULL, center TEXT NOT NULL, epoch INTEGER NOT NULL,
    episode INTEGER NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL,
    asked_at TEXT NOT NULL, saved_at TEXT NOT NULL,
    outcome TEXT, class TEXT, code TEXT, returned_id TEXT, settled_at TEXT,
    verdict TEXT, judged_at TEXT,
    PRIMARY KEY (instance, seq)
) WITHOUT ROWID;
-- At most one attempt of an instance is not judged: open, or settled and awaiting its verdict.
CREATE UNIQUE INDEX one_unjudged ON attempts (instance)
    WHERE outcome IS NULL OR (outcome IN ('accepted', 'unknown') AND verdict IS NULL);
CREATE INDEX attempts_saved ON attempts (saved_at);
CREATE TABLE journal (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL,
    instance TEXT, center TEXT, epoch INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_instance ON journal (instance, at);
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, center TEXT, kind TEXT NOT NULL, data TEXT NOT NULL
);
