-- What a copy of the roster in memory has to read again: everybody changed since :cursor by transactions that this
-- snapshot sees and the copy has not taken in yet (:known), as they are now, or without an alias where they are on the
-- roster no more. Every row, or the only one, says where the copy stands afterwards: everything below `cursor`,
-- the oldest transaction still open, is over and was seen, so nothing can appear behind it later; `taken` are those
-- seen above it.
-- One statement, so that notes and people are of one snapshot. What this very transaction changed is marked as its own:
-- others must not see it yet. :ids are read as well, whatever changed.
-- Leans on roster_change's primary key, and on the indexes that `roster` leans on.
WITH noted AS MATERIALIZED (
  SELECT x, responder_id FROM roster_change
  WHERE network_id = :network_id AND x >= CAST(:cursor AS xid8) AND x <> ALL (CAST(:known AS xid8[]))
), changed AS MATERIALIZED (
  SELECT responder_id AS id, coalesce(bool_or(x = pg_current_xact_id_if_assigned()), false) AS own
  FROM (SELECT x, responder_id FROM noted UNION ALL SELECT NULL, unnest(CAST(:ids AS bigint[]))) each
  GROUP BY responder_id
), person AS (
  SELECT r.id, r.account_id, a.alias, a.lineage, r.languages, r.mode, r.base_cell9, r.zone_ids, r.avoids, r.no_tasks,
         r.no_zones, r.yes_count, r.no_count, r.cleared_total, r.resting_until, r.available_until, r.available_since,
         p.cell9, p.seen_at, c.trained_until, c.observer_until,
         EXISTS (SELECT FROM seat s
                 WHERE s.network_id = :network_id AND s.responder_id = r.id AND s.active)
           OR EXISTS (SELECT FROM offer o
                      WHERE o.network_id = :network_id AND o.responder_id = r.id
                        AND o.state = 'accepted' AND NOT o.settled) AS busy,
         EXISTS (SELECT FROM offer o
                 WHERE o.network_id = :network_id AND o.responder_id = r.id AND o.state = 'offered') AS offered,
         w.this_shift, w.load_7d, w.last_cleared_at, coalesce(t.others, '{}') AS worked_with,
         k.asked_today,
         EXISTS (SELECT FROM alarm m
                 WHERE m.network_id = :network_id AND m.responder_id = r.id AND m.ended_at IS NULL) AS calls,
         w.started, k.asked
  FROM (SELECT * FROM responder
        WHERE network_id = :network_id AND id = ANY (ARRAY(SELECT id FROM changed))) r
  JOIN account a ON a.network_id = :network_id AND a.id = r.account_id AND a.suspended_at IS NULL
  LEFT JOIN position p ON p.network_id = :network_id AND p.responder_id = r.id
  CROSS JOIN LATERAL (
    SELECT max(valid_until) FILTER (WHERE kind = 'trained') AS trained_until,
           max(valid_until) FILTER (WHERE kind = 'observer') AS observer_until
    FROM certificate WHERE network_id = :network_id AND responder_id = r.id) c
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE left_because = 'cleared' AND upper(during) >= r.available_since) AS this_shift,
           count(*) FILTER (WHERE lower(during) >= CAST(:now AS timestamptz) - interval '7 days') AS load_7d,
           max(upper(during)) FILTER (WHERE left_because = 'cleared') AS last_cleared_at,
           array_agg(lower(during) ORDER BY lower(during))
             FILTER (WHERE lower(during) >= CAST(:now AS timestamptz) - interval '9 days') AS started,
           array_agg(dispatch_id) AS dispatches
    FROM seat WHERE network_id = :network_id AND responder_id = r.id) w
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE offered_at > CAST(:now AS timestamptz) - interval '24 hours') AS asked_today,
           array_agg(offered_at ORDER BY offered_at DESC) AS asked
    FROM offer WHERE network_id = :network_id AND responder_id = r.id
      AND offered_at > CAST(:now AS timestamptz) - interval '48 hours') k
  CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT other.responder_id ORDER BY other.responder_id) AS others
    FROM unnest(w.dispatches) AS went
    CROSS JOIN LATERAL (
      SELECT responder_id FROM seat WHERE network_id = :network_id AND dispatch_id = went OFFSET 0) other
    WHERE other.responder_id <> r.id) t
)
SELECT person.*, changed.id AS changed_id, changed.own, place.cursor, place.taken, place.at
FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS cursor,
             ARRAY(SELECT DISTINCT x::text FROM noted
                   WHERE x IS DISTINCT FROM pg_current_xact_id_if_assigned()) AS taken,
             now() AS at) place
LEFT JOIN changed ON true
LEFT JOIN person ON person.id = changed.id
