-- Responders with all that the matcher is told of each, the whole roster or some of them, by id; one row a person.
-- Every look-up inside leans on an index that begins with network_id and the responder: certificate's key,
-- seat_responder, one_live_offer, one_waiting_yes, offer_asked,
-- one_open_call. Who was out together is found in one pass over the seats, never by
-- joining them to themselves: that grows with their square. A place is a res-9 cell (bigint), never a point.
WITH out AS MATERIALIZED (
  SELECT array_agg(DISTINCT responder_id) AS people
  FROM seat
  WHERE network_id = :network_id
    AND (CAST(:ids AS bigint[]) IS NULL OR dispatch_id IN (
           SELECT dispatch_id FROM seat WHERE network_id = :network_id AND responder_id = ANY (CAST(:ids AS bigint[]))))
  GROUP BY dispatch_id
), together AS MATERIALIZED (
  SELECT own AS responder_id, array_agg(DISTINCT other ORDER BY other) AS others
  FROM out, unnest(people) AS own, unnest(people) AS other
  WHERE own <> other
  GROUP BY own
)
SELECT r.id, r.account_id, a.alias, a.lineage, r.languages, r.mode, r.base_cell9, r.zone_ids, r.avoids, r.no_tasks,
       r.no_zones, r.yes_count, r.no_count, r.cleared_total, r.resting_until, r.available_until, r.available_since,
       p.cell9, p.seen_at, c.trained_until, c.observer_until,
       EXISTS (SELECT FROM seat s
               WHERE s.network_id = r.network_id AND s.responder_id = r.id AND s.active)
         OR EXISTS (SELECT FROM offer o
                    WHERE o.network_id = r.network_id AND o.responder_id = r.id
                      AND o.state = 'accepted' AND NOT o.settled) AS busy,
       EXISTS (SELECT FROM offer o
               WHERE o.network_id = r.network_id AND o.responder_id = r.id AND o.state = 'offered') AS offered,
       w.this_shift, w.load_7d, w.last_cleared_at,
       coalesce(t.others, '{}') AS worked_with,
       (SELECT count(*) FROM offer o
        WHERE o.network_id = r.network_id AND o.responder_id = r.id
          AND o.offered_at > CAST(:now AS timestamptz) - interval '24 hours') AS asked_today,
       EXISTS (SELECT FROM alarm m
               WHERE m.network_id = r.network_id AND m.responder_id = r.id AND m.ended_at IS NULL) AS calls
FROM responder r
JOIN account a ON a.network_id = r.network_id AND a.id = r.account_id AND a.suspended_at IS NULL
LEFT JOIN together t ON t.responder_id = r.id
LEFT JOIN position p ON p.network_id = r.network_id AND p.responder_id = r.id
CROSS JOIN LATERAL (
  SELECT max(valid_until) FILTER (WHERE kind = 'trained') AS trained_until,
         max(valid_until) FILTER (WHERE kind = 'observer') AS observer_until
  FROM certificate WHERE network_id = r.network_id AND responder_id = r.id) c
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE left_because = 'cleared' AND upper(during) >= r.available_since) AS this_shift,
         count(*) FILTER (WHERE lower(during) >= CAST(:now AS timestamptz) - interval '7 days') AS load_7d,
         max(upper(during)) FILTER (WHERE left_because = 'cleared') AS last_cleared_at
  FROM seat WHERE network_id = r.network_id AND responder_id = r.id) w
WHERE r.network_id = :network_id
  AND (CAST(:ids AS bigint[]) IS NULL OR r.id = ANY (CAST(:ids AS bigint[])))
ORDER BY r.id
