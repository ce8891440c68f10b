-- Keeps what the machine suggests, an equal plate before equal looks, the later end of two; nothing that a person has
-- said is not the same. Leans on the primary key and kept_apart_once.
INSERT INTO suggestion AS kept (network_id, one_id, two_id, kind, made_at, expires_at)
SELECT :network_id, told.one, told.two, told.kind, :now, told.expires_at
FROM unnest(CAST(:ones AS bigint[]), CAST(:twos AS bigint[]), CAST(:kinds AS text[]),
            CAST(:ends AS timestamptz[])) AS told(one, two, kind, expires_at)
WHERE NOT EXISTS (SELECT FROM decision d WHERE d.network_id = :network_id AND d.kind = 'apart' AND d.undone_at IS NULL
                  AND least(d.incident_id, d.other_id) = told.one AND greatest(d.incident_id, d.other_id) = told.two)
ORDER BY told.one, told.two
ON CONFLICT (network_id, one_id, two_id) DO UPDATE
SET kind = CASE WHEN 'plate' IN (kept.kind, excluded.kind) THEN 'plate' ELSE kept.kind END,
    made_at = excluded.made_at, expires_at = greatest(kept.expires_at, excluded.expires_at)
RETURNING one_id, two_id
