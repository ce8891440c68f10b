-- Everybody on the roster counted in one pass: who may not go, under the first rule that keeps them from a scene, and
-- the others by what decides with whom they may go and when they could be there. The rules and their order are those of
-- matcher.eligibility; a test compares the two. Cells are res-9 numbers; a cell's ancestor is cell & keep | fill, and
-- people whose ancestor is not among :on_foot, :by_bicycle or :by_car are too far for their mode.
-- Leans on no index: it reads the roster once. Seats are read through seat_responder's table once, never joined to
-- themselves.
WITH been AS (
  SELECT s.responder_id,
         count(*) FILTER (WHERE s.left_because = 'cleared' AND upper(s.during) >= r.available_since) AS this_shift,
         max(upper(s.during)) FILTER (WHERE s.left_because = 'cleared') AS last_cleared_at,
         bool_or(s.active) AS seated
  FROM seat s JOIN responder r ON r.network_id = s.network_id AND r.id = s.responder_id
  WHERE s.network_id = :network_id GROUP BY s.responder_id
), asked AS (
  SELECT responder_id, bool_or(state = 'offered') AS offered, bool_or(state = 'accepted') AS waiting
  FROM offer
  WHERE network_id = :network_id AND (state = 'offered' OR (state = 'accepted' AND NOT settled))
  GROUP BY responder_id
), lately AS (
  SELECT responder_id, count(*) AS today
  FROM offer
  WHERE network_id = :network_id AND offered_at > CAST(:now AS timestamptz) - interval '24 hours'
  GROUP BY responder_id
), calling AS (
  SELECT DISTINCT responder_id FROM alarm WHERE network_id = :network_id AND ended_at IS NULL
), trained AS (
  SELECT responder_id, bool_or(kind = 'trained') AS buddies, bool_or(kind = 'observer') AS observes
  FROM certificate
  WHERE network_id = :network_id AND valid_until > :now AND kind IN ('trained', 'observer')
  GROUP BY responder_id
), person AS (
  SELECT r.mode, r.languages, coalesce(p.cell9, r.base_cell9) AS cell9, r.cleared_total < CAST(:new_below AS int) AS new,
         coalesce(t.observes, false) AS observes, coalesce(t.buddies, false) AS buddies,
         CASE
           WHEN r.available_until IS NULL OR r.available_until <= :now THEN 'not_available'
           WHEN coalesce(p.cell9, r.base_cell9) IS NULL THEN 'place_unknown'
           WHEN b.seated OR o.waiting THEN 'busy'
           WHEN m.responder_id IS NOT NULL THEN 'open_call'
           WHEN o.offered THEN 'holds_offer'
           WHEN r.resting_until > :now
             OR (b.this_shift >= CAST(:dispatches_a_shift AS int)
                 AND (b.last_cleared_at IS NULL OR b.last_cleared_at > :rested_since)) THEN 'resting'
           WHEN g.today >= CAST(:offers_a_day AS int) THEN 'enough_offers'
           WHEN t.responder_id IS NULL THEN 'no_certificate'
           WHEN cardinality(CAST(:languages AS text[])) > 0
             AND NOT r.languages && CAST(:languages AS text[]) THEN 'language'
           WHEN CAST(:task AS text) = ANY (r.no_tasks) OR r.no_zones && CAST(:zone_ids AS bigint[]) THEN 'opted_out'
           WHEN r.account_id = ANY (CAST(:reporters AS bigint[])) THEN 'is_reporter'
           WHEN (coalesce(p.cell9, r.base_cell9) & CAST(:keep AS bigint) | CAST(:fill AS bigint)) <> ALL (
             CASE r.mode WHEN 'foot' THEN CAST(:on_foot AS bigint[])
                         WHEN 'bicycle' THEN CAST(:by_bicycle AS bigint[])
                         ELSE CAST(:by_car AS bigint[]) END) THEN 'too_far'
         END AS rule
  FROM responder r
  JOIN account a ON a.network_id = r.network_id AND a.id = r.account_id AND a.suspended_at IS NULL
  LEFT JOIN position p ON p.network_id = r.network_id AND p.responder_id = r.id AND p.seen_at >= :fresh
  LEFT JOIN been b ON b.responder_id = r.id
  LEFT JOIN asked o ON o.responder_id = r.id
  LEFT JOIN lately g ON g.responder_id = r.id
  LEFT JOIN calling m ON m.responder_id = r.id
  LEFT JOIN trained t ON t.responder_id = r.id
  WHERE r.network_id = :network_id
)
SELECT rule, NULL AS cell9, NULL AS mode, NULL AS observes, NULL AS buddies, NULL AS new, NULL AS languages,
       count(*) AS people
FROM person WHERE rule IS NOT NULL GROUP BY rule
UNION ALL
SELECT NULL, cell9, mode, observes, buddies, new, languages, count(*)
FROM person WHERE rule IS NULL GROUP BY cell9, mode, observes, buddies, new, languages
