-- Drops dispatches that ended before a moment with their seats, offers, check-ins and calls; how long it took until two
-- had said yes is kept apart. What counsel holds stays. Leans on dispatch_ended and the keys of what belongs to them.
WITH past AS (
  SELECT d.id, d.made_at FROM dispatch d
  WHERE d.network_id = :network_id AND d.state IN ('cleared', 'cancelled', 'unfilled') AND d.state_at <= :moment
    AND NOT EXISTS (SELECT FROM checkin c WHERE c.network_id = d.network_id AND c.dispatch_id = d.id AND c.at > :moment)
    AND NOT EXISTS (SELECT FROM alarm a WHERE a.network_id = d.network_id AND a.dispatch_id = d.id
                    AND greatest(a.begun_at, a.ended_at) > :moment)
    AND d.incident_id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  ORDER BY d.id
  LIMIT :at_once
  FOR UPDATE OF d SKIP LOCKED
), paired AS (
  SELECT (past.made_at AT TIME ZONE 'UTC')::date AS day_on,
         round(extract(epoch FROM max(lower(s.during)) - past.made_at) / 6)::int AS tenths_min
  FROM past JOIN seat s ON s.network_id = :network_id AND s.dispatch_id = past.id AND s.turn = 1
  GROUP BY past.id, past.made_at HAVING count(*) = 2
), took AS (
  INSERT INTO past_time AS known (network_id, step, day_on, tenths_min, times)
  SELECT :network_id, 'paired', day_on, tenths_min, count(*) FROM paired GROUP BY day_on, tenths_min
  ON CONFLICT (network_id, step, day_on, tenths_min) DO UPDATE SET times = known.times + EXCLUDED.times
), checkins AS (
  DELETE FROM checkin c USING past WHERE c.network_id = :network_id AND c.dispatch_id = past.id
), calls AS (
  DELETE FROM alarm a USING past WHERE a.network_id = :network_id AND a.dispatch_id = past.id
), seats AS (
  DELETE FROM seat s USING past WHERE s.network_id = :network_id AND s.dispatch_id = past.id
), offers AS (
  DELETE FROM offer o USING past WHERE o.network_id = :network_id AND o.dispatch_id = past.id
)
DELETE FROM dispatch d USING past WHERE d.network_id = :network_id AND d.id = past.id
RETURNING d.id
