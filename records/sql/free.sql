-- Which of some responders, taken by this transaction before, can be asked: available, on no seat, with no open offer,
-- waiting for no partner. Leans on seat_responder, one_live_offer and one_waiting_yes.
SELECT r.id FROM responder r
WHERE r.network_id = :network_id
  AND r.id = ANY (CAST(:ids AS bigint[]))
  AND r.available_until > :now
  AND NOT EXISTS (SELECT FROM seat s
                  WHERE s.network_id = r.network_id AND s.responder_id = r.id AND s.active)
  AND NOT EXISTS (SELECT FROM offer o
                  WHERE o.network_id = r.network_id AND o.responder_id = r.id AND o.state = 'offered')
  AND NOT EXISTS (SELECT FROM offer o
                  WHERE o.network_id = r.network_id AND o.responder_id = r.id AND o.state = 'accepted'
                    AND NOT o.settled)
ORDER BY r.id
