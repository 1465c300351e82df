-- Every statement that the adapter runs on the tables of schema.sql. None may scan a table: a test asks the planner.

-- name: sequence_read
-- The newest version number.
SELECT version FROM sequence WHERE id = 1;

-- name: sequence_next
-- Allots the next version number.
UPDATE sequence SET version = version + 1 WHERE id = 1 RETURNING version;

-- name: version_get
-- The current version of one object.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_current
WHERE resource = :resource AND namespace = :namespace AND name = :name AND superseded_by IS NULL;

-- name: version_by_alias
-- The current objects of a namespace with an alias.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_by_alias
WHERE resource = :resource AND alias = :alias AND superseded_by IS NULL AND namespace = :namespace
ORDER BY name;

-- name: version_list
-- Current objects within bounds, in order.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_current
WHERE resource = :resource AND superseded_by IS NULL
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace
ORDER BY namespace, name
LIMIT :limit;

-- name: version_list_at
-- As version_list, of the state at a version.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_history
WHERE resource = :resource AND version <= :at AND (superseded_by IS NULL OR superseded_by > :at)
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace
ORDER BY namespace, name
LIMIT :limit;

-- name: version_list_named
-- Current objects within bounds with one name or alias.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_by_name
WHERE resource = :resource AND name = :name AND superseded_by IS NULL
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace
UNION ALL
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_by_alias
WHERE resource = :resource AND alias = :name AND name <> :name AND superseded_by IS NULL
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace
ORDER BY namespace, name;

-- name: version_get_at
-- One object in the state at a version.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions INDEXED BY versions_history
WHERE resource = :resource AND namespace = :namespace AND name = :name
  AND version <= :at AND (superseded_by IS NULL OR superseded_by > :at);

-- name: names_all
-- The names of current objects within bounds.
SELECT namespace, name
FROM versions INDEXED BY versions_current
WHERE resource = :resource AND superseded_by IS NULL
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace;

-- name: names_all_at
-- As names_all, of the state at a version.
SELECT namespace, name
FROM versions INDEXED BY versions_history
WHERE resource = :resource AND version <= :at AND (superseded_by IS NULL OR superseded_by > :at)
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace;

-- name: names_with
-- The names of current objects within bounds that have a term.
SELECT namespace, name
FROM postings INDEXED BY postings_current
WHERE term = :term AND until IS NULL
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace;

-- name: names_with_at
-- As names_with, of the state at a version.
SELECT namespace, name
FROM postings
WHERE term = :term AND since <= :at AND (until IS NULL OR until > :at)
  AND (namespace, name) > (:after_namespace, :after_name) AND namespace <= :last_namespace;

-- name: posting_add
-- Notes that an object has a term from a version on.
INSERT INTO postings (term, namespace, name, since) VALUES (:term, :namespace, :name, :version);

-- name: posting_end
-- Notes that an object has a term no longer from a version on.
UPDATE postings INDEXED BY postings_current SET until = :version
WHERE term = :term AND namespace = :namespace AND name = :name AND until IS NULL;

-- name: posting_compact
-- Drops postings that ended before, or at, a version.
DELETE FROM postings WHERE until <= :before AND until IS NOT NULL;

-- name: posting_drop
-- Drops all postings of a resource's terms.
DELETE FROM postings WHERE term BETWEEN :first AND :last;

-- name: count_read
-- How many current objects a resource has in a namespace.
SELECT objects FROM counts WHERE resource = :resource AND namespace = :namespace;

-- name: count_add
-- Counts objects that came or went.
INSERT INTO counts (resource, namespace, objects) VALUES (:resource, :namespace, :more)
ON CONFLICT (resource, namespace) DO UPDATE SET objects = objects + excluded.objects;

-- name: count_drop
-- Forgets the counts of a resource.
DELETE FROM counts WHERE resource = :resource;

-- name: sequence_jump
-- Moves the sequence ahead.
UPDATE sequence SET version = version + :by WHERE id = 1 RETURNING version;

-- name: version_newest
-- When a resource last changed.
SELECT max(version) FROM versions WHERE resource = :resource;

-- name: version_changes
-- The log of a resource behind a version, each entry with the version that it superseded.
SELECT c.version, c.namespace, c.name, c.alias, c.labels, c.fields, c.owners, c.uid, c.deleted, c.tail,
       p.version, p.namespace, p.name, p.alias, p.labels, p.fields, p.owners, p.uid, p.deleted, p.tail
FROM versions AS c
LEFT JOIN versions AS p ON p.superseded_by = c.version AND p.version < c.version
WHERE c.resource = :resource AND c.version > :after
ORDER BY c.version
LIMIT :limit;

-- name: version_supersede
-- Ends the time of a version.
UPDATE versions SET superseded_by = :by WHERE version = :version;

-- name: version_add
-- Adds a version.
INSERT INTO versions (version, resource, namespace, name, superseded_by, deleted, uid, alias, labels, fields, owners, tail)
VALUES (
  :version, :resource, :namespace, :name, :superseded_by, :deleted, :uid, :alias, :labels, :fields, :owners, :tail
);

-- name: version_compact
-- Drops some versions whose time ended before, or at, a version, oldest first.
DELETE FROM versions
WHERE version IN (
  SELECT version FROM versions INDEXED BY versions_superseded
  WHERE superseded_by <= :before ORDER BY superseded_by LIMIT :limit
)
RETURNING resource, superseded_by;

-- name: version_drop
-- Drops all versions of a resource.
DELETE FROM versions WHERE resource = :resource;

-- name: floor_read
-- From which version on a resource's log is complete.
SELECT max(version) FROM floors WHERE resource IN (:resource, :every);

-- name: floor_raise
-- Records that a resource's log is complete only from a version on.
INSERT INTO floors (resource, version) VALUES (:resource, :version)
ON CONFLICT (resource) DO UPDATE SET version = max(version, excluded.version);

-- name: revision_get
-- One package revision.
SELECT * FROM revisions WHERE namespace = :namespace AND name = :name;

-- name: revision_of_repository
-- The package revisions of a Repository.
SELECT * FROM revisions INDEXED BY revisions_by_package
WHERE namespace = :namespace AND repository = :repository
ORDER BY path, name;

-- name: revision_of_package
-- The revisions of a package.
SELECT * FROM revisions INDEXED BY revisions_by_package
WHERE namespace = :namespace AND repository = :repository AND path = :path
ORDER BY name;

-- name: revision_at_refs
-- The revisions of a Repository that some refs (a JSON list) show.
SELECT * FROM revisions INDEXED BY revisions_by_ref
WHERE namespace = :namespace AND repository = :repository AND ref IN (SELECT value FROM json_each(:refs));

-- name: revision_count
-- How many package revisions a Repository has.
SELECT count(*) FROM revisions WHERE namespace = :namespace AND repository = :repository;

-- name: revision_overlapping
-- Revisions whose package is at, above (a JSON list) or below a path of a git repository.
SELECT * FROM revisions WHERE location = :location AND full_path IN (SELECT value FROM json_each(:at_or_above))
UNION ALL
SELECT * FROM revisions WHERE location = :location AND full_path > :below AND full_path < :beyond;

-- name: revision_put
-- Adds or replaces a package revision.
INSERT OR REPLACE INTO revisions (
  namespace, name, repository, location, path, full_path, workspace, revision, lifecycle, ref, "commit", tree,
  content_version, latest
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: revision_delete
-- Removes a package revision.
DELETE FROM revisions WHERE namespace = :namespace AND name = :name;

-- name: revision_drop
-- Removes all package revisions.
DELETE FROM revisions;

-- name: ref_list
-- The refs of a mirror.
SELECT ref, target FROM refs WHERE mirror = :mirror;

-- name: ref_targets
-- Some refs (a JSON list) of a mirror.
SELECT ref, target FROM refs WHERE mirror = :mirror AND ref IN (SELECT value FROM json_each(:refs));

-- name: ref_below
-- The refs of a mirror within bounds.
SELECT ref FROM refs WHERE mirror = :mirror AND ref > :below AND ref < :beyond;

-- name: ref_clashing
-- A ref above (a JSON list) or below a ref.
SELECT ref FROM refs WHERE mirror = :mirror AND ref IN (SELECT value FROM json_each(:above))
UNION ALL
SELECT ref FROM refs WHERE mirror = :mirror AND ref > :below AND ref < :beyond
LIMIT 1;

-- name: ref_put
-- Adds or moves a ref.
INSERT OR REPLACE INTO refs (mirror, ref, target) VALUES (:mirror, :ref, :target);

-- name: ref_delete
-- Removes a ref.
DELETE FROM refs WHERE mirror = :mirror AND ref = :ref;

-- name: ref_drop
-- Removes all refs.
DELETE FROM refs;

-- name: metadata_get
-- The user metadata of a package revision.
SELECT metadata FROM user_metadata WHERE namespace = :namespace AND name = :name;

-- name: metadata_names
-- Which names between two have user metadata.
SELECT name FROM user_metadata WHERE namespace = :namespace AND name > :above AND name < :below;

-- name: metadata_put
-- Adds or replaces user metadata.
INSERT OR REPLACE INTO user_metadata (namespace, name, metadata) VALUES (:namespace, :name, :metadata);

-- name: metadata_vanished
-- Since when the package revision behind user metadata is gone.
SELECT vanished FROM user_metadata WHERE namespace = :namespace AND name = :name;

-- name: metadata_set_vanished
-- The package revision behind user metadata is gone since then; the first time stays.
UPDATE user_metadata SET vanished = :vanished WHERE namespace = :namespace AND name = :name AND vanished IS NULL;

-- name: metadata_set_present
-- The package revision behind user metadata is there again.
UPDATE user_metadata SET vanished = NULL WHERE namespace = :namespace AND name = :name AND vanished IS NOT NULL;

-- name: metadata_drop_vanished
-- Removes user metadata whose package revisions vanished before some time.
DELETE FROM user_metadata WHERE vanished < :before RETURNING namespace, name;

-- name: metadata_delete
-- Removes user metadata.
DELETE FROM user_metadata WHERE namespace = :namespace AND name = :name;

-- name: intent_all
-- All intents, oldest first.
SELECT id, namespace, repository, mirror, moves, payload, pack, applied FROM intents ORDER BY ordinal;

-- name: intent_open
-- Intents that are not applied yet, oldest first.
SELECT id, namespace, repository, mirror, moves, payload, pack, applied FROM intents WHERE applied = 0 ORDER BY ordinal;

-- name: intent_applied
-- The ids of intents that are applied.
SELECT id FROM intents WHERE applied = 1 ORDER BY ordinal;

-- name: intent_is_open
-- Whether an intent is not applied yet.
SELECT 1 FROM intents WHERE id = :id AND applied = 0;

-- name: intent_moving
-- Which of some refs (a JSON list) of a mirror intents move.
SELECT DISTINCT ref FROM moving_refs WHERE mirror = :mirror AND ref IN (SELECT value FROM json_each(:refs));

-- name: intent_add
-- Adds an intent.
INSERT INTO intents (id, namespace, repository, mirror, moves, payload, pack, applied)
VALUES (:id, :namespace, :repository, :mirror, :moves, :payload, :pack, :applied);

-- name: intent_add_ref
-- Notes a ref that an intent moves.
INSERT OR IGNORE INTO moving_refs (mirror, ref, intent) VALUES (:mirror, :ref, :intent);

-- name: intent_apply
-- Marks an intent as applied.
UPDATE intents SET applied = 1 WHERE id = :id;

-- name: intent_settle_refs
-- Forgets the refs that an intent moves.
DELETE FROM moving_refs WHERE intent = :id;

-- name: intent_remove
-- Removes an intent.
DELETE FROM intents WHERE id = :id;

-- name: verdict_get
-- What came of rendering a tree.
SELECT succeeded, functions, status, rendered FROM verdicts WHERE tree = :tree;

-- name: verdict_put
-- Notes what came of rendering a tree.
INSERT INTO verdicts (tree, succeeded, functions, status, rendered)
VALUES (:tree, :succeeded, :functions, :status, :rendered)
ON CONFLICT (tree) DO UPDATE SET
  succeeded = excluded.succeeded, functions = excluded.functions,
  status = excluded.status, rendered = excluded.rendered;

-- name: verdict_drop
-- Forgets old verdicts of trees that no package revision has.
DELETE FROM verdicts WHERE rendered < :before
  AND NOT EXISTS (SELECT 1 FROM revisions WHERE revisions.tree = verdicts.tree);

-- name: operation_all
-- Renders that were begun and not ended.
SELECT id, namespace, name FROM operations ORDER BY id;

-- name: operation_begin
-- Notes a render that takes long.
INSERT INTO operations (id, namespace, name) VALUES (:id, :namespace, :name);

-- name: operation_end
-- Forgets a render that has ended.
DELETE FROM operations WHERE id = :id;
