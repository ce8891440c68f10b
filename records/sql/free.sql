-- Which of some responders, taken by this transaction before, can be asked: available, on no seat, with no open offer,
-- waiting for no partner, with no open call. Leans on seat_responder, one_live_offer, one_waiting_yes and one_open_call.
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
  AND NOT EXISTS (SELECT FROM alarm m
                  WHERE m.network_id = r.network_id AND m.responder_id = r.id AND m.ended_at IS NULL)
ORDER BY r.id
