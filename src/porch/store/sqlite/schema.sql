-- The tables of one store. Run whole, in one transaction, when the file is new.

-- The newest version number that was given out. Kept apart from the rows so that no number comes twice.
CREATE TABLE IF NOT EXISTS sequence (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
);
INSERT OR IGNORE INTO sequence (id, version) VALUES (1, 0);

-- History, event log and current state at once. A tombstone supersedes itself: it is in the log, but never visible.
-- `tail` is the last column, so that a row is judged without reading the pages that it overflows into.
CREATE TABLE IF NOT EXISTS versions (
  version       INTEGER PRIMARY KEY,
  resource      TEXT    NOT NULL,
  namespace     TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  superseded_by INTEGER,
  deleted       INTEGER NOT NULL,
  uid           TEXT    NOT NULL,
  alias         TEXT,
  labels        TEXT    NOT NULL,
  fields        TEXT    NOT NULL,
  owners        TEXT    NOT NULL,
  tail          BLOB    NOT NULL
);
-- Every index ends in the version, which is the row's id. With superseded_by in the first, counting needs no rows.
CREATE INDEX IF NOT EXISTS versions_current ON versions (resource, namespace, name, superseded_by)
  WHERE superseded_by IS NULL;
CREATE INDEX IF NOT EXISTS versions_by_name ON versions (resource, name) WHERE superseded_by IS NULL;
CREATE INDEX IF NOT EXISTS versions_by_alias ON versions (resource, alias)
  WHERE superseded_by IS NULL AND alias IS NOT NULL;
CREATE INDEX IF NOT EXISTS versions_history ON versions (resource, namespace, name, superseded_by);
CREATE INDEX IF NOT EXISTS versions_log ON versions (resource);
CREATE INDEX IF NOT EXISTS versions_superseded ON versions (superseded_by) WHERE superseded_by IS NOT NULL;

-- From which version (`since`) until which (`until`, exclusive; NULL while it lasts) an object had a term (store.terms).
-- Written only when an object's terms change; old ones are dropped with the history.
CREATE TABLE IF NOT EXISTS postings (
  term      INTEGER NOT NULL,
  namespace TEXT    NOT NULL,
  name      TEXT    NOT NULL,
  since     INTEGER NOT NULL,
  until     INTEGER,
  PRIMARY KEY (term, namespace, name, since)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS postings_current ON postings (term, namespace, name) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS postings_ended ON postings (until) WHERE until IS NOT NULL;

-- How many current objects a resource has in a namespace, and, under '*', in all.
CREATE TABLE IF NOT EXISTS counts (
  resource  TEXT    NOT NULL,
  namespace TEXT    NOT NULL,
  objects   INTEGER NOT NULL,
  PRIMARY KEY (resource, namespace)
) WITHOUT ROWID;

-- Below its floor a resource's log and past states are incomplete.
CREATE TABLE IF NOT EXISTS floors (
  resource TEXT PRIMARY KEY,
  version  INTEGER NOT NULL
) WITHOUT ROWID;

-- Index: package revisions. The columns are those of RevisionRow, in its order.
CREATE TABLE IF NOT EXISTS revisions (
  namespace       TEXT    NOT NULL,
  name            TEXT    NOT NULL,
  repository      TEXT    NOT NULL,
  location        TEXT    NOT NULL,
  path            TEXT    NOT NULL,
  full_path       TEXT    NOT NULL,
  workspace       TEXT    NOT NULL,
  revision        INTEGER NOT NULL,
  lifecycle       TEXT    NOT NULL,
  ref             TEXT    NOT NULL,
  "commit"        TEXT    NOT NULL,
  tree            TEXT    NOT NULL,
  content_version INTEGER NOT NULL,
  latest          INTEGER NOT NULL,
  PRIMARY KEY (namespace, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revisions_by_package ON revisions (namespace, repository, path);
CREATE INDEX IF NOT EXISTS revisions_by_ref ON revisions (namespace, repository, ref);
CREATE INDEX IF NOT EXISTS revisions_by_full_path ON revisions (location, full_path);

-- Index: the refs of each mirror when it was last looked at.
CREATE TABLE IF NOT EXISTS refs (
  mirror TEXT NOT NULL,
  ref    TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (mirror, ref)
) WITHOUT ROWID;

-- State: what users put on package revisions; `vanished` is when the revision was lost to git, NULL while it is there.
CREATE TABLE IF NOT EXISTS user_metadata (
  namespace TEXT NOT NULL,
  name      TEXT NOT NULL,
  vanished  INTEGER,
  metadata  BLOB NOT NULL,
  PRIMARY KEY (namespace, name)
);
CREATE INDEX IF NOT EXISTS user_metadata_vanished ON user_metadata (vanished) WHERE vanished IS NOT NULL;

-- State: redo records of moves of refs. The ordinal keeps their age.
CREATE TABLE IF NOT EXISTS intents (
  ordinal    INTEGER PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  namespace  TEXT    NOT NULL,
  repository TEXT    NOT NULL,
  mirror     TEXT    NOT NULL,
  moves      TEXT    NOT NULL,
  payload    BLOB    NOT NULL,
  applied    INTEGER NOT NULL,
  pack       BLOB    NOT NULL
);
CREATE INDEX IF NOT EXISTS intents_by_applied ON intents (applied);
-- The refs of intents that are not applied yet.
CREATE TABLE IF NOT EXISTS moving_refs (
  mirror TEXT NOT NULL,
  ref    TEXT NOT NULL,
  intent TEXT NOT NULL REFERENCES intents (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (mirror, ref, intent)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moving_refs_by_intent ON moving_refs (intent);

-- State that may be lost: what came of rendering each tree, and renders that take long.
CREATE TABLE IF NOT EXISTS verdicts (
  tree      TEXT PRIMARY KEY,
  succeeded INTEGER NOT NULL,
  functions TEXT NOT NULL,
  status    BLOB NOT NULL,
  rendered  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (rendered);
CREATE INDEX IF NOT EXISTS revisions_by_tree ON revisions (tree);
CREATE TABLE IF NOT EXISTS operations (
  id        TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  name      TEXT NOT NULL
) WITHOUT ROWID;

PRAGMA user_version = 4;
