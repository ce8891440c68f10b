-- Drops accounts nobody used since a day, suspended ones too, once nothing that is kept leads to them; with them goes
-- their place on the roster, and on other people's lists of whom they avoid. Leans on account's key and
-- incident_named.
WITH past AS (
  SELECT a.id, r.id AS responder_id FROM account a
  LEFT JOIN responder r ON r.network_id = a.network_id AND r.account_id = a.id
  WHERE a.network_id = :network_id AND greatest(a.created_on, a.last_seen_on) < :day
    AND NOT EXISTS (SELECT FROM reporter x WHERE x.network_id = a.network_id AND x.account_id = a.id)
    AND NOT EXISTS (SELECT FROM judgement x WHERE x.network_id = a.network_id AND x.account_id = a.id)
    AND NOT EXISTS (SELECT FROM incident x WHERE x.network_id = a.network_id AND x.was_verified
                    AND NOT x.people_forgotten AND a.id IN (x.verifier1, x.verifier2))
    AND NOT EXISTS (SELECT FROM decision x WHERE x.network_id = a.network_id AND a.id IN (x.account_id, x.undone_by))
    AND NOT EXISTS (SELECT FROM statement x WHERE x.network_id = a.network_id AND a.id IN (x.approver1, x.approver2))
    AND NOT EXISTS (SELECT FROM hold x WHERE x.network_id = a.network_id
                    AND a.id IN (x.asked_by, x.confirmed_by, x.lifted_by))
    AND NOT EXISTS (SELECT FROM alarm x WHERE x.network_id = a.network_id AND (a.id IN (x.taken_by, x.ended_by)
                    OR x.responder_id = r.id))
    AND NOT EXISTS (SELECT FROM offer x WHERE x.network_id = a.network_id AND x.responder_id = r.id)
    AND NOT EXISTS (SELECT FROM seat x WHERE x.network_id = a.network_id AND x.responder_id = r.id)
    AND NOT EXISTS (SELECT FROM checkin x WHERE x.network_id = a.network_id AND x.responder_id = r.id)
  ORDER BY a.id
  LIMIT :at_once
  FOR UPDATE OF a SKIP LOCKED
), places AS (
  DELETE FROM position p USING past WHERE p.network_id = :network_id AND p.responder_id = past.responder_id
), lists AS (
  UPDATE responder r SET avoids = ARRAY(
    SELECT other FROM unnest(r.avoids) other
    WHERE NOT EXISTS (SELECT FROM past WHERE past.responder_id = other))
  WHERE r.network_id = :network_id AND r.account_id NOT IN (SELECT id FROM past)
    AND r.avoids && ARRAY(SELECT responder_id FROM past WHERE responder_id IS NOT NULL)
)
DELETE FROM account a USING past WHERE a.network_id = :network_id AND a.id = past.id
RETURNING a.id
