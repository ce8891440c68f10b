-- A pair was found: the yes of its people is settled, every other open offer of the dispatch and every other waiting yes
-- is released, in one statement. Returns who was released. Leans on asked_once_per_dispatch and offer's keys.
UPDATE offer SET
  state = CASE WHEN responder_id = ANY (CAST(:seated AS bigint[])) THEN 'accepted' ELSE 'released' END,
  settled = responder_id = ANY (CAST(:seated AS bigint[])),
  answered_at = CASE WHEN state = 'accepted' AND responder_id = ANY (CAST(:seated AS bigint[])) THEN answered_at
                     ELSE :now END
WHERE network_id = :network_id AND dispatch_id = :dispatch_id
  AND (state = 'offered' OR (state = 'accepted' AND NOT settled))
RETURNING responder_id, state
