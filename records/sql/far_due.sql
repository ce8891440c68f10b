-- Dispatches on which somebody's check-in is due later than any can be, as a clock that was set back leaves them; taken
-- for this transaction, those in other hands left out. Leans on seat_checkin_due.
SELECT d.id FROM dispatch d
WHERE d.network_id = :network_id AND d.id > :after
  AND d.state IN ('paired', 'en_route', 'staged', 'on_scene', 'held')
  AND EXISTS (SELECT FROM seat s
              WHERE s.network_id = d.network_id AND s.dispatch_id = d.id AND s.active AND s.checkin_due_at > :beyond)
ORDER BY d.id
LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
