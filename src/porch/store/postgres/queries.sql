-- Every statement that the adapter runs on the tables of schema.sql. None may scan a table: a test asks the planner.

-- name: sequence_read
-- The newest version number.
SELECT version FROM sequence WHERE id = 1;

-- name: sequence_lock
-- The newest version number, and the right to give out the next ones until the transaction ends.
SELECT version FROM sequence WHERE id = 1 FOR UPDATE;

-- name: sequence_set
-- Records the newest number that a transaction gave out: its last statement.
UPDATE sequence SET version = %(version)s WHERE id = 1;

-- name: batch_mark
-- Marks a batch of a writer as committed, if the transaction is.
INSERT INTO writers (id, batch) VALUES (%(id)s, %(batch)s)
ON CONFLICT (id) DO UPDATE SET batch = excluded.batch;

-- name: batch_read
-- The last batch of a writer that was committed.
SELECT batch FROM writers WHERE id = %(id)s;

-- name: batch_forget
-- Removes the mark of a writer that ends.
DELETE FROM writers WHERE id = %(id)s;

-- name: log_notify
-- Wakes the followers once the transaction is committed.
SELECT pg_notify('porch_log', '');

-- name: count_add
-- Adds to the number of objects of a resource in a namespace.
INSERT INTO counts (resource, namespace, objects) VALUES (%(resource)s, %(namespace)s, %(by)s)
ON CONFLICT (resource, namespace) DO UPDATE SET objects = counts.objects + excluded.objects;

-- name: count_read
-- How many current objects a resource has, in one namespace or in all.
SELECT coalesce(sum(objects), 0)::bigint FROM counts
WHERE resource = %(resource)s AND (%(namespace)s::text IS NULL OR namespace = %(namespace)s);

-- name: count_drop
-- Forgets the counts of a resource.
DELETE FROM counts WHERE resource = %(resource)s;

-- name: floor_jump
-- Ends the logs of all resources (the empty name).
INSERT INTO floors (resource, version) VALUES ('', %(version)s)
ON CONFLICT (resource) DO UPDATE SET version = excluded.version;

-- name: log_read
-- The log of all resources behind a version.
SELECT c.resource, c.version, c.namespace, c.name, c.alias, c.labels, c.fields, c.owners, c.uid, c.deleted, c.tail,
       p.version, p.namespace, p.name, p.alias, p.labels, p.fields, p.owners, p.uid, p.deleted, p.tail
FROM versions AS c
LEFT JOIN versions AS p ON p.superseded_by = c.version AND p.version < c.version
WHERE c.version > %(after)s
ORDER BY c.version;

-- name: version_get
-- The current version of one object.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions
WHERE resource = %(resource)s AND namespace = %(namespace)s AND name = %(name)s AND superseded_by IS NULL;

-- name: version_by_alias
-- The current objects of a namespace with an alias.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions
WHERE resource = %(resource)s AND alias = %(alias)s AND superseded_by IS NULL AND namespace = %(namespace)s
ORDER BY name;

-- name: version_list
-- Current objects within bounds that have none of some terms, in order.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions AS v
WHERE resource = %(resource)s AND superseded_by IS NULL
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
  AND (%(without)s::bigint[] IS NULL OR NOT EXISTS (
    SELECT FROM postings AS p
    WHERE p.term = ANY (%(without)s::bigint[]) AND p.namespace = v.namespace AND p.name = v.name AND p.until IS NULL
  ))
ORDER BY namespace, name
LIMIT %(limit)s;

-- name: version_list_at
-- As version_list, of the state at a version, whatever the terms.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions
WHERE resource = %(resource)s AND version <= %(at)s AND (superseded_by IS NULL OR superseded_by > %(at)s)
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
ORDER BY namespace, name
LIMIT %(limit)s;

-- name: version_list_named
-- Current objects within bounds with one name or alias.
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions
WHERE resource = %(resource)s AND name = %(name)s AND superseded_by IS NULL
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
UNION ALL
SELECT version, namespace, name, alias, labels, fields, owners, uid, deleted, tail
FROM versions
WHERE resource = %(resource)s AND alias = %(name)s AND name <> %(name)s AND superseded_by IS NULL
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
ORDER BY namespace, name;

-- name: version_of_names
-- The current objects of some names, in order.
SELECT v.version, v.namespace, v.name, v.alias, v.labels, v.fields, v.owners, v.uid, v.deleted, v.tail
FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS n (namespace, name)
JOIN versions AS v ON v.resource = %(resource)s AND v.namespace = n.namespace AND v.name = n.name
WHERE v.superseded_by IS NULL
ORDER BY v.namespace, v.name;

-- name: version_of_names_at
-- As version_of_names, of the state at a version.
SELECT v.version, v.namespace, v.name, v.alias, v.labels, v.fields, v.owners, v.uid, v.deleted, v.tail
FROM unnest(%(namespaces)s::text[], %(names)s::text[]) AS n (namespace, name)
JOIN versions AS v ON v.resource = %(resource)s AND v.namespace = n.namespace AND v.name = n.name
WHERE v.version <= %(at)s AND (v.superseded_by IS NULL OR v.superseded_by > %(at)s)
ORDER BY v.namespace, v.name;

-- name: names_with
-- Some names of current objects within bounds that have one of some terms.
SELECT namespace, name
FROM postings
WHERE term = ANY (%(terms)s::bigint[]) AND until IS NULL
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
LIMIT %(most)s;

-- name: names_with_at
-- As names_with, of the state at a version.
SELECT namespace, name
FROM postings
WHERE term = ANY (%(terms)s::bigint[]) AND since <= %(at)s AND (until IS NULL OR until > %(at)s)
  AND (namespace, name) > (%(after_namespace)s, %(after_name)s) AND namespace <= %(last_namespace)s
LIMIT %(most)s;

-- name: posting_add
-- Notes that an object has some terms from a version on.
INSERT INTO postings (term, namespace, name, since)
SELECT term, %(namespace)s, %(name)s, %(version)s FROM unnest(%(terms)s::bigint[]) AS term;

-- name: posting_end
-- Notes that an object has some terms no longer from a version on.
UPDATE postings SET until = %(version)s
WHERE term = ANY (%(terms)s::bigint[]) AND namespace = %(namespace)s AND name = %(name)s AND until IS NULL;

-- name: posting_compact
-- Drops postings that ended before, or at, a version.
DELETE FROM postings WHERE until <= %(before)s AND until IS NOT NULL;

-- name: posting_drop
-- Drops all postings of a resource's terms.
DELETE FROM postings WHERE term BETWEEN %(first)s AND %(last)s;

-- name: version_newest
-- When a resource last changed.
SELECT max(version) FROM versions WHERE resource = %(resource)s;

-- name: version_changes
-- The log of a resource behind a version, each entry with the version that it superseded.
SELECT c.version, c.namespace, c.name, c.alias, c.labels, c.fields, c.owners, c.uid, c.deleted, c.tail,
       p.version, p.namespace, p.name, p.alias, p.labels, p.fields, p.owners, p.uid, p.deleted, p.tail
FROM versions AS c
LEFT JOIN versions AS p ON p.superseded_by = c.version AND p.version < c.version
WHERE c.resource = %(resource)s AND c.version > %(after)s
ORDER BY c.version
LIMIT %(limit)s;

-- name: version_supersede
-- Ends the time of a version.
UPDATE versions SET superseded_by = %(by)s WHERE version = %(version)s;

-- name: version_add
-- Adds a version.
INSERT INTO versions (version, resource, namespace, name, superseded_by, deleted, uid, alias, labels, fields, owners, tail)
VALUES (%(version)s, %(resource)s, %(namespace)s, %(name)s, %(superseded_by)s, %(deleted)s, %(uid)s, %(alias)s, %(labels)s, %(fields)s, %(owners)s, %(tail)s);

-- name: version_compact
-- Drops some versions whose time ended before, or at, a version, oldest first.
DELETE FROM versions
WHERE version IN (
  SELECT version FROM versions
  WHERE superseded_by <= %(before)s ORDER BY superseded_by LIMIT %(limit)s
)
RETURNING resource, superseded_by;

-- name: version_drop
-- Drops all versions of a resource.
DELETE FROM versions WHERE resource = %(resource)s;

-- name: floor_read
-- From which version on a resource's log is complete; the empty name stands for all resources.
SELECT max(version) FROM floors WHERE resource = ANY(ARRAY[%(resource)s, '']);

-- name: floor_raise
-- Records that a resource's log is complete only from a version on.
INSERT INTO floors (resource, version) VALUES (%(resource)s, %(version)s)
ON CONFLICT (resource) DO UPDATE SET version = greatest(floors.version, excluded.version);

-- name: revision_get
-- One package revision.
SELECT * FROM revisions WHERE namespace = %(namespace)s AND name = %(name)s;

-- name: revision_of_repository
-- The package revisions of a Repository.
SELECT * FROM revisions
WHERE namespace = %(namespace)s AND repository = %(repository)s
ORDER BY path, name;

-- name: revision_of_package
-- The revisions of a package.
SELECT * FROM revisions
WHERE namespace = %(namespace)s AND repository = %(repository)s AND path = %(path)s
ORDER BY name;

-- name: revision_at_refs
-- The revisions of a Repository that some refs (a JSON list) show.
SELECT * FROM revisions
WHERE namespace = %(namespace)s AND repository = %(repository)s AND ref = ANY(%(refs)s);

-- name: revision_count
-- How many package revisions a Repository has.
SELECT count(*) FROM revisions WHERE namespace = %(namespace)s AND repository = %(repository)s;

-- name: revision_overlapping
-- Revisions whose package is at, above (a JSON list) or below a path of a git repository.
SELECT * FROM revisions WHERE location = %(location)s AND full_path = ANY(%(at_or_above)s)
UNION ALL
SELECT * FROM revisions WHERE location = %(location)s AND full_path > %(below)s AND full_path < %(beyond)s;

-- name: revision_put
-- Adds or replaces a package revision.
INSERT INTO revisions (
  namespace, name, repository, location, path, full_path, workspace, revision, lifecycle, ref, "commit", tree,
  content_version, latest
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (namespace, name) DO UPDATE SET
  repository = excluded.repository,
  location = excluded.location,
  path = excluded.path,
  full_path = excluded.full_path,
  workspace = excluded.workspace,
  revision = excluded.revision,
  lifecycle = excluded.lifecycle,
  ref = excluded.ref,
  "commit" = excluded."commit",
  tree = excluded.tree,
  content_version = excluded.content_version,
  latest = excluded.latest;

-- name: revision_delete
-- Removes a package revision.
DELETE FROM revisions WHERE namespace = %(namespace)s AND name = %(name)s;

-- name: revision_drop
-- Removes all package revisions.
DELETE FROM revisions;

-- name: ref_list
-- The refs of a mirror.
SELECT ref, target FROM refs WHERE mirror = %(mirror)s;

-- name: ref_targets
-- Some refs (a JSON list) of a mirror.
SELECT ref, target FROM refs WHERE mirror = %(mirror)s AND ref = ANY(%(refs)s);

-- name: ref_below
-- The refs of a mirror within bounds.
SELECT ref FROM refs WHERE mirror = %(mirror)s AND ref > %(below)s AND ref < %(beyond)s;

-- name: ref_clashing
-- A ref above (a JSON list) or below a ref.
SELECT ref FROM refs WHERE mirror = %(mirror)s AND ref = ANY(%(above)s)
UNION ALL
SELECT ref FROM refs WHERE mirror = %(mirror)s AND ref > %(below)s AND ref < %(beyond)s
LIMIT 1;

-- name: ref_put
-- Adds or moves a ref.
INSERT INTO refs (mirror, ref, target) VALUES (%(mirror)s, %(ref)s, %(target)s)
ON CONFLICT (mirror, ref) DO UPDATE SET target = excluded.target;

-- name: ref_delete
-- Removes a ref.
DELETE FROM refs WHERE mirror = %(mirror)s AND ref = %(ref)s;

-- name: ref_drop
-- Removes all refs.
DELETE FROM refs;

-- name: metadata_get
-- The user metadata of a package revision.
SELECT metadata FROM user_metadata WHERE namespace = %(namespace)s AND name = %(name)s;

-- name: metadata_names
-- Which names between two have user metadata.
SELECT name FROM user_metadata WHERE namespace = %(namespace)s AND name > %(above)s AND name < %(below)s;

-- name: metadata_put
-- Adds or replaces user metadata.
INSERT INTO user_metadata (namespace, name, metadata) VALUES (%(namespace)s, %(name)s, %(metadata)s)
ON CONFLICT (namespace, name) DO UPDATE SET metadata = excluded.metadata, vanished = NULL;

-- name: metadata_vanished
-- Since when the package revision behind user metadata is gone.
SELECT vanished FROM user_metadata WHERE namespace = %(namespace)s AND name = %(name)s;

-- name: metadata_set_vanished
-- The package revision behind user metadata is gone since then; the first time stays.
UPDATE user_metadata SET vanished = %(vanished)s
WHERE namespace = %(namespace)s AND name = %(name)s AND vanished IS NULL;

-- name: metadata_set_present
-- The package revision behind user metadata is there again.
UPDATE user_metadata SET vanished = NULL
WHERE namespace = %(namespace)s AND name = %(name)s AND vanished IS NOT NULL;

-- name: metadata_drop_vanished
-- Removes user metadata whose package revisions vanished before some time.
DELETE FROM user_metadata WHERE vanished < %(before)s RETURNING namespace, name;

-- name: metadata_delete
-- Removes user metadata.
DELETE FROM user_metadata WHERE namespace = %(namespace)s AND name = %(name)s;

-- name: intent_all
-- All intents, oldest first.
SELECT id, namespace, repository, mirror, moves, payload, pack, applied FROM intents ORDER BY ordinal;

-- name: intent_open
-- Intents that are not applied yet, oldest first.
SELECT id, namespace, repository, mirror, moves, payload, pack, applied FROM intents WHERE NOT applied ORDER BY ordinal;

-- name: intent_applied
-- The ids of intents that are applied.
SELECT id FROM intents WHERE applied ORDER BY ordinal;

-- name: intent_is_open
-- Whether an intent is not applied yet.
SELECT 1 FROM intents WHERE id = %(id)s AND NOT applied;

-- name: intent_moving
-- Which of some refs (a JSON list) of a mirror intents move.
SELECT DISTINCT ref FROM moving_refs WHERE mirror = %(mirror)s AND ref = ANY(%(refs)s);

-- name: intent_add
-- Adds an intent.
INSERT INTO intents (ordinal, id, namespace, repository, mirror, moves, payload, pack, applied)
VALUES (
  (SELECT coalesce(max(ordinal), 0) + 1 FROM intents), %(id)s, %(namespace)s, %(repository)s, %(mirror)s, %(moves)s, %(payload)s, %(pack)s, %(applied)s
);

-- name: intent_add_ref
-- Notes a ref that an intent moves.
INSERT INTO moving_refs (mirror, ref, intent) VALUES (%(mirror)s, %(ref)s, %(intent)s) ON CONFLICT DO NOTHING;

-- name: intent_apply
-- Marks an intent as applied.
UPDATE intents SET applied = true WHERE id = %(id)s;

-- name: intent_settle_refs
-- Forgets the refs that an intent moves.
DELETE FROM moving_refs WHERE intent = %(id)s;

-- name: intent_remove
-- Removes an intent.
DELETE FROM intents WHERE id = %(id)s;

-- name: verdict_get
-- What came of rendering a tree.
SELECT succeeded, functions, status, rendered FROM verdicts WHERE tree = %(tree)s;

-- name: verdict_put
-- Notes what came of rendering a tree.
INSERT INTO verdicts (tree, succeeded, functions, status, rendered)
VALUES (%(tree)s, %(succeeded)s, %(functions)s, %(status)s, %(rendered)s)
ON CONFLICT (tree) DO UPDATE SET
  succeeded = excluded.succeeded, functions = excluded.functions,
  status = excluded.status, rendered = excluded.rendered;

-- name: verdict_drop
-- Forgets old verdicts of trees that no package revision has.
DELETE FROM verdicts WHERE rendered < %(before)s
  AND NOT EXISTS (SELECT 1 FROM revisions WHERE revisions.tree = verdicts.tree);

-- name: operation_all
-- Renders that were begun and not ended.
SELECT id, namespace, name FROM operations ORDER BY id;

-- name: operation_begin
-- Notes a render that takes long.
INSERT INTO operations (id, namespace, name) VALUES (%(id)s, %(namespace)s, %(name)s);

-- name: operation_end
-- Forgets a render that has ended.
DELETE FROM operations WHERE id = %(id)s;
