-- The people of some cells who could be asked now, with all that the matcher is told of each (as `roster`), by id.
-- A span is the first and the last number of a cell's res-9 descendants. Who said where they are since :fresh stands in
-- that cell, everybody else in the cell they usually start from. Whoever cannot go, is seated, asked or waiting, or
-- rests, or has an open call, is left out here already: the matcher would, too, and most of a large roster never leaves the database.
-- Leans on position_cell, responder_base, seat_now, one_live_offer, one_waiting_yes, offer_asked, seat_responder, one_open_call and
-- primary keys.
-- People are looked up by arrays of ids: in a small table the planner takes any index that begins with network_id for
-- the key, and would read all of it for each person. OFFSET 0 keeps each look-up by person what it is.
WITH span AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:lows AS bigint[]), CAST(:highs AS bigint[])) AS span(low, high)
), here AS MATERIALIZED (
  SELECT p.responder_id AS id, p.cell9, p.seen_at
  FROM span CROSS JOIN LATERAL (
    SELECT responder_id, cell9, seen_at FROM position
    WHERE network_id = :network_id AND cell9 BETWEEN span.low AND span.high AND seen_at >= :fresh OFFSET 0) p
), based AS MATERIALIZED (
  SELECT b.id
  FROM span CROSS JOIN LATERAL (
    SELECT id FROM responder
    WHERE network_id = :network_id AND base_cell9 BETWEEN span.low AND span.high AND available_until > :now OFFSET 0) b
), elsewhere AS MATERIALIZED (
  SELECT responder_id FROM position
  WHERE network_id = :network_id AND seen_at >= :fresh AND responder_id = ANY (ARRAY(SELECT id FROM based))
), near AS MATERIALIZED (
  SELECT id, cell9, seen_at FROM here
  UNION ALL
  SELECT id, NULL, NULL FROM based WHERE id <> ALL (ARRAY(SELECT responder_id FROM elsewhere))
), r AS MATERIALIZED (
  SELECT * FROM responder
  WHERE network_id = :network_id AND id = ANY (ARRAY(SELECT id FROM near))
    AND available_until > :now AND (resting_until IS NULL OR resting_until <= :now)
    AND NOT EXISTS (SELECT FROM seat
                    WHERE network_id = :network_id AND responder_id = responder.id AND active OFFSET 0)
    AND NOT EXISTS (SELECT FROM offer
                    WHERE network_id = :network_id AND responder_id = responder.id AND state = 'offered' OFFSET 0)
    AND NOT EXISTS (SELECT FROM offer
                    WHERE network_id = :network_id AND responder_id = responder.id AND state = 'accepted'
                      AND NOT settled OFFSET 0)
    AND NOT EXISTS (SELECT FROM alarm
                    WHERE network_id = :network_id AND responder_id = responder.id AND ended_at IS NULL OFFSET 0)
)
SELECT r.id, r.account_id, a.alias, a.lineage, r.languages, r.mode, r.base_cell9, r.zone_ids, r.avoids, r.no_tasks,
       r.no_zones, r.yes_count, r.no_count, r.cleared_total, r.resting_until, r.available_until, r.available_since,
       near.cell9, near.seen_at, c.trained_until, c.observer_until, false AS busy, false AS offered,
       w.this_shift, w.load_7d, w.last_cleared_at, coalesce(t.others, '{}') AS worked_with, k.asked_today,
       false AS calls
FROM r
JOIN near ON near.id = r.id
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
CROSS JOIN LATERAL (
  SELECT count(*) AS asked_today FROM offer
  WHERE network_id = :network_id AND responder_id = r.id
    AND offered_at > CAST(:now AS timestamptz) - interval '24 hours' OFFSET 0) k
ORDER BY r.id
