-- Puts a person on a seat: the next turn of that seat, the certificate that holds longest, from the moment given or,
-- where clocks disagree, from the end of the person's last seat. Whoever joins after the meeting point stepped back
-- knows only the new one. Leans on seat's key, seat_responder, certificate's key.
INSERT INTO seat (network_id, dispatch_id, seat, turn, responder_id, cert_until, during, move_seen)
SELECT :network_id, :dispatch_id, :seat,
       coalesce((SELECT max(turn) FROM seat WHERE network_id = :network_id AND dispatch_id = :dispatch_id
                   AND seat = :seat), 0) + 1,
       :responder_id,
       (SELECT max(valid_until) FROM certificate
        WHERE network_id = :network_id AND responder_id = :responder_id
          AND kind = CASE WHEN CAST(:seat AS int) = 1 THEN 'observer' ELSE 'trained' END),
       tstzrange(greatest(CAST(:now AS timestamptz),
                          (SELECT max(upper(during)) FROM seat
                           WHERE network_id = :network_id AND responder_id = :responder_id AND NOT active)), NULL),
       (SELECT meeting_moves > 0 FROM dispatch WHERE network_id = :network_id AND id = :dispatch_id)
