-- Dispatches whose asking needs the worker: an offer has run out, nobody is being asked any more, or the time for
-- asking is over; taken for this transaction, those in other hands left out. Leans on dispatch_open and offer's key.
SELECT d.id FROM dispatch d
WHERE d.network_id = :network_id AND d.id > :after
  AND d.state IN ('offering', 'held')
  AND (d.offers_until <= :now
       OR EXISTS (SELECT FROM offer o
                  WHERE o.network_id = d.network_id AND o.dispatch_id = d.id AND o.state = 'offered'
                    AND o.expires_at <= :now)
       OR (d.state = 'offering' AND NOT d.by_hand
           AND NOT EXISTS (SELECT FROM offer o
                           WHERE o.network_id = d.network_id AND o.dispatch_id = d.id AND o.state = 'offered')))
ORDER BY d.id
LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
