-- Dispatches, ended ones too, on which somebody has been silent since before a moment and has not spoken, and for whom
-- nobody was told to call the lines yet; taken for this transaction, those in other hands left out. Leans on seat_silent.
SELECT d.id FROM dispatch d
WHERE d.network_id = :network_id AND d.id > :after
  AND d.id IN (SELECT s.dispatch_id FROM seat s
               WHERE s.network_id = :network_id AND s.checkin_missed_at <= :before AND s.rung < 3
                 AND (s.active OR s.left_because IN ('lost', 'cancelled'))
                 AND EXISTS (SELECT FROM alarm m
                             WHERE m.network_id = s.network_id AND m.dispatch_id = s.dispatch_id
                               AND m.responder_id = s.responder_id AND m.kind = 'silence' AND m.ended_at IS NULL))
ORDER BY d.id
LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
