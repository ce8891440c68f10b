-- Puts people on seats: each the next turn of its seat, the certificate that holds longest, from the moment given or,
-- where clocks disagree, from the end of the person's last seat. Whoever joins after the meeting point stepped back
-- knows only the new one. Leans on seat's key, seat_responder, certificate's key.
INSERT INTO seat (network_id, dispatch_id, seat, turn, responder_id, cert_until, during, move_seen)
SELECT :network_id, :dispatch_id, taken.seat,
       coalesce((SELECT max(turn) FROM seat WHERE network_id = :network_id AND dispatch_id = :dispatch_id
                   AND seat.seat = taken.seat), 0) + 1,
       taken.responder_id,
       (SELECT max(valid_until) FROM certificate
        WHERE network_id = :network_id AND responder_id = taken.responder_id
          AND kind = CASE WHEN taken.seat = 1 THEN 'observer' ELSE 'trained' END),
       tstzrange(greatest(CAST(:now AS timestamptz),
                          (SELECT max(upper(during)) FROM seat
                           WHERE network_id = :network_id AND seat.responder_id = taken.responder_id
                             AND NOT active)), NULL),
       (SELECT meeting_moves > 0 FROM dispatch WHERE network_id = :network_id AND id = :dispatch_id)
FROM unnest(CAST(:seats AS smallint[]), CAST(:responder_ids AS bigint[])) AS taken(seat, responder_id)
