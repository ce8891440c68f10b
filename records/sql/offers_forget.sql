-- Drops offers made before a moment that filled no seat, of dispatches that have ended; what counsel holds stays.
-- Leans on offer_offered.
WITH past AS (
  SELECT o.id FROM offer o
  JOIN dispatch d ON d.network_id = o.network_id AND d.id = o.dispatch_id
    AND d.state IN ('cleared', 'cancelled', 'unfilled')
  WHERE o.network_id = :network_id AND o.offered_at <= :moment
    AND NOT EXISTS (SELECT FROM seat s WHERE s.network_id = o.network_id AND s.dispatch_id = o.dispatch_id
                    AND s.responder_id = o.responder_id)
    AND d.incident_id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF o SKIP LOCKED
)
DELETE FROM offer o USING past WHERE o.network_id = :network_id AND o.id = past.id
RETURNING o.id
