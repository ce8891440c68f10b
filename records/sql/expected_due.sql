-- Dispatches on which somebody who was to set out, or to be at the meeting point, has not moved on in time; taken for
-- this transaction, those in other hands left out. Leans on seat_expected.
SELECT d.id FROM dispatch d
WHERE d.network_id = :network_id AND d.id > :after
  AND d.state IN ('paired', 'en_route')
  AND EXISTS (SELECT FROM seat s
              WHERE s.network_id = d.network_id AND s.dispatch_id = d.id AND s.active
                AND s.expected_at <= :now AND s.checkin_missed_at IS NULL)
ORDER BY d.id
LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
