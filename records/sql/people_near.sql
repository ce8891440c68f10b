-- The people of some cells who could be asked now, with all that the matcher is told of each (as `roster`), by id.
-- A span is the first and the last number of a cell's res-9 descendants. Who said where they are since :fresh stands in
-- that cell, everybody else in the cell they usually start from. Whoever cannot go, is seated, asked or waiting, or
-- rests, is left out here already: the matcher would, too, and most of a large roster never leaves the database.
-- Leans on position_cell, responder_base, seat_now, one_live_offer, one_waiting_yes, seat_responder and primary keys.
-- OFFSET 0 keeps each look-up what it is, one person by index, whatever the planner thinks of arrays.
WITH near AS MATERIALIZED (
  SELECT p.responder_id AS id, p.cell9, p.seen_at
  FROM unnest(CAST(:lows AS bigint[]), CAST(:highs AS bigint[])) AS span(low, high)
  CROSS JOIN LATERAL (
    SELECT responder_id, cell9, seen_at FROM position
    WHERE network_id = :network_id AND cell9 BETWEEN span.low AND span.high AND seen_at >= :fresh OFFSET 0) p
  UNION ALL
  SELECT b.id, NULL, NULL
  FROM unnest(CAST(:lows AS bigint[]), CAST(:highs AS bigint[])) AS span(low, high)
  CROSS JOIN LATERAL (
    SELECT id FROM responder
    WHERE network_id = :network_id AND base_cell9 BETWEEN span.low AND span.high AND available_until > :now OFFSET 0) b
  WHERE NOT EXISTS (SELECT FROM position
                    WHERE network_id = :network_id AND responder_id = b.id AND seen_at >= :fresh)
)
SELECT r.id, r.account_id, a.alias, a.lineage, r.languages, r.mode, r.base_cell9, r.zone_ids, r.avoids, r.no_tasks,
       r.no_zones, r.yes_count, r.no_count, r.cleared_total, r.resting_until, r.available_until, r.available_since,
       near.cell9, near.seen_at, c.trained_until, c.observer_until, false AS busy, false AS offered,
       w.this_shift, w.load_7d, w.last_cleared_at, coalesce(t.others, '{}') AS worked_with
FROM near
CROSS JOIN LATERAL (
  SELECT * FROM responder WHERE network_id = :network_id AND id = near.id AND available_until > :now
    AND (resting_until IS NULL OR resting_until <= :now)
    AND NOT EXISTS (SELECT FROM seat
                    WHERE network_id = :network_id AND responder_id = near.id AND active)
    AND NOT EXISTS (SELECT FROM offer
                    WHERE network_id = :network_id AND responder_id = near.id AND state = 'offered')
    AND NOT EXISTS (SELECT FROM offer
                    WHERE network_id = :network_id AND responder_id = near.id AND state = 'accepted' AND NOT settled)
  OFFSET 0) r
CROSS JOIN LATERAL (
  SELECT alias, lineage FROM account
  WHERE network_id = :network_id AND id = r.account_id AND suspended_at IS NULL OFFSET 0) a
CROSS JOIN LATERAL (
  SELECT max(valid_until) FILTER (WHERE kind = 'trained') AS trained_until,
         max(valid_until) FILTER (WHERE kind = 'observer') AS observer_until
  FROM certificate WHERE network_id = :network_id AND responder_id = r.id) c
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE left_because = 'cleared' AND upper(during) >= r.available_since) AS this_shift,
         count(*) FILTER (WHERE lower(during) >= CAST(:now AS timestamptz) - interval '7 days') AS load_7d,
         max(upper(during)) FILTER (WHERE left_because = 'cleared') AS last_cleared_at,
         array_agg(dispatch_id) AS dispatches
  FROM seat WHERE network_id = :network_id AND responder_id = r.id) w
CROSS JOIN LATERAL (
  SELECT array_agg(DISTINCT other.responder_id ORDER BY other.responder_id) AS others
  FROM unnest(w.dispatches) AS went
  CROSS JOIN LATERAL (
    SELECT responder_id FROM seat WHERE network_id = :network_id AND dispatch_id = went OFFSET 0) other
  WHERE other.responder_id <> r.id) t
ORDER BY r.id
