-- Says that this transaction changes the clusters of some cells (resolution 6), in order; returns its own number, and
-- who was the last before it as of this moment. Rows are taken first, so that nobody's mark is overwritten unseen.
WITH was AS MATERIALIZED (
  SELECT cell, changed_by FROM window_version
  WHERE network_id = :network_id AND cell = ANY(CAST(:cells AS bigint[]))
  ORDER BY cell FOR UPDATE
), marked AS (
  INSERT INTO window_version (network_id, cell, changed_by)
  SELECT :network_id, asked.cell, pg_current_xact_id()
  FROM unnest(CAST(:cells AS bigint[])) AS asked(cell) LEFT JOIN was USING (cell)
  ORDER BY asked.cell
  ON CONFLICT (network_id, cell) DO UPDATE SET changed_by = EXCLUDED.changed_by
  RETURNING cell, changed_by
)
SELECT marked.cell, marked.changed_by::text::bigint AS changed_by,
       coalesce(was.changed_by::text::bigint, 0) AS was
FROM marked LEFT JOIN was USING (cell)
