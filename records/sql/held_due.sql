-- Dispatches that were held for as long as they may be; taken for this transaction, those in other hands left out.
-- Leans on dispatch_open.
SELECT d.id FROM dispatch d
WHERE d.network_id = :network_id AND d.id > :after AND d.state = 'held' AND d.held_until <= :now
ORDER BY d.id
LIMIT :limit
FOR UPDATE SKIP LOCKED
