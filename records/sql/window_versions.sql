-- Which transaction changed the clusters of some cells (resolution 6) last; a cell nobody ever changed is left out.
SELECT cell, changed_by::text::bigint AS changed_by
FROM window_version
WHERE network_id = :network_id AND cell = ANY(CAST(:cells AS bigint[]))
