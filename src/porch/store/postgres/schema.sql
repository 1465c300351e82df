-- The tables of one store. Run whole, in one transaction, whenever a store is opened.
-- Names are compared byte by byte (COLLATE "C"), as everywhere in Porch.

-- The newest version number that was given out. Kept apart from the rows so that no number comes twice.
CREATE TABLE IF NOT EXISTS sequence (
  id      BIGINT PRIMARY KEY CHECK (id = 1),
  version BIGINT NOT NULL
);
INSERT INTO sequence (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING;

-- The last committed batch of each writer: settles a COMMIT whose answer was lost.
CREATE TABLE IF NOT EXISTS writers (
  id    TEXT   PRIMARY KEY,
  batch BIGINT NOT NULL
);

-- How many current objects there are.
CREATE TABLE IF NOT EXISTS counts (
  resource  TEXT COLLATE "C" NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  objects   BIGINT NOT NULL,
  PRIMARY KEY (resource, namespace)
);

-- History, event log and current state at once. A tombstone supersedes itself: it is in the log, but never visible.
CREATE TABLE IF NOT EXISTS versions (
  version       BIGINT PRIMARY KEY,
  resource      TEXT COLLATE "C"    NOT NULL,
  namespace     TEXT COLLATE "C"    NOT NULL,
  name          TEXT COLLATE "C"    NOT NULL,
  superseded_by BIGINT,
  deleted       BOOLEAN NOT NULL,
  uid           TEXT    NOT NULL,
  alias         TEXT COLLATE "C",
  labels        TEXT    NOT NULL,
  fields        TEXT    NOT NULL,
  owners        TEXT    NOT NULL,
  tail          BYTEA    NOT NULL
);
CREATE INDEX IF NOT EXISTS versions_current ON versions (resource, namespace, name)
  WHERE superseded_by IS NULL;
CREATE INDEX IF NOT EXISTS versions_by_name ON versions (resource, name) WHERE superseded_by IS NULL;
CREATE INDEX IF NOT EXISTS versions_by_alias ON versions (resource, alias)
  WHERE superseded_by IS NULL AND alias IS NOT NULL;
CREATE INDEX IF NOT EXISTS versions_history ON versions (resource, namespace, name, version);
CREATE INDEX IF NOT EXISTS versions_log ON versions (resource, version);
CREATE INDEX IF NOT EXISTS versions_superseded ON versions (superseded_by) WHERE superseded_by IS NOT NULL;

-- From which version (`since`) until which (`until`, exclusive; NULL while it lasts) an object had a term (store.terms).
CREATE TABLE IF NOT EXISTS postings (
  term      BIGINT NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  since     BIGINT NOT NULL,
  until     BIGINT,
  PRIMARY KEY (term, namespace, name, since)
);
CREATE INDEX IF NOT EXISTS postings_current ON postings (term, namespace, name) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS postings_ended ON postings (until) WHERE until IS NOT NULL;

-- Below its floor a resource's log and past states are incomplete.
CREATE TABLE IF NOT EXISTS floors (
  resource TEXT COLLATE "C" PRIMARY KEY,
  version  BIGINT NOT NULL
);

-- Index: package revisions. The columns are those of RevisionRow, in its order.
CREATE TABLE IF NOT EXISTS revisions (
  namespace       TEXT COLLATE "C"    NOT NULL,
  name            TEXT COLLATE "C"    NOT NULL,
  repository      TEXT COLLATE "C"    NOT NULL,
  location        TEXT COLLATE "C"    NOT NULL,
  path            TEXT COLLATE "C"    NOT NULL,
  full_path       TEXT COLLATE "C"    NOT NULL,
  workspace       TEXT    NOT NULL,
  revision        BIGINT NOT NULL,
  lifecycle       TEXT    NOT NULL,
  ref             TEXT COLLATE "C"    NOT NULL,
  "commit"        TEXT    NOT NULL,
  tree            TEXT    NOT NULL,
  content_version BIGINT NOT NULL,
  latest          BOOLEAN NOT NULL,
  PRIMARY KEY (namespace, name)
);
CREATE INDEX IF NOT EXISTS revisions_by_package ON revisions (namespace, repository, path);
CREATE INDEX IF NOT EXISTS revisions_by_ref ON revisions (namespace, repository, ref);
CREATE INDEX IF NOT EXISTS revisions_by_full_path ON revisions (location, full_path);

-- Index: the refs of each mirror when it was last looked at.
CREATE TABLE IF NOT EXISTS refs (
  mirror TEXT COLLATE "C" NOT NULL,
  ref    TEXT COLLATE "C" NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (mirror, ref)
);

-- State: what users put on package revisions; `vanished` is when the revision was lost to git, NULL while it is there.
CREATE TABLE IF NOT EXISTS user_metadata (
  namespace TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  metadata  BYTEA NOT NULL,
  vanished  BIGINT,
  PRIMARY KEY (namespace, name)
);
-- Databases from before it had this column.
ALTER TABLE user_metadata ADD COLUMN IF NOT EXISTS vanished BIGINT;
CREATE INDEX IF NOT EXISTS user_metadata_vanished ON user_metadata (vanished) WHERE vanished IS NOT NULL;

-- State: redo records of moves of refs. The ordinal keeps their age.
CREATE TABLE IF NOT EXISTS intents (
  ordinal    BIGINT PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  namespace  TEXT COLLATE "C"    NOT NULL,
  repository TEXT COLLATE "C"    NOT NULL,
  mirror     TEXT COLLATE "C"    NOT NULL,
  moves      TEXT    NOT NULL,
  payload    BYTEA    NOT NULL,
  applied    BOOLEAN NOT NULL,
  pack       BYTEA    NOT NULL
);
CREATE INDEX IF NOT EXISTS intents_by_applied ON intents (applied);
-- The refs of intents that are not applied yet.
CREATE TABLE IF NOT EXISTS moving_refs (
  mirror TEXT COLLATE "C" NOT NULL,
  ref    TEXT COLLATE "C" NOT NULL,
  intent TEXT COLLATE "C" NOT NULL REFERENCES intents (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (mirror, ref, intent)
);
CREATE INDEX IF NOT EXISTS moving_refs_by_intent ON moving_refs (intent);

-- State that may be lost: what came of rendering each tree, and renders that take long.
CREATE TABLE IF NOT EXISTS verdicts (
  tree      TEXT PRIMARY KEY,
  succeeded BOOLEAN NOT NULL,
  functions TEXT NOT NULL,
  status    BYTEA NOT NULL,
  rendered  BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (rendered);
CREATE INDEX IF NOT EXISTS revisions_by_tree ON revisions (tree);
CREATE TABLE IF NOT EXISTS operations (
  id        TEXT COLLATE "C" PRIMARY KEY,
  namespace TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL
);
