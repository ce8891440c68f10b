-- Takes responders for this transaction, in id order so that nobody waits in a circle; whoever is being taken by
-- somebody else is left out, not waited for. Returns the ids taken. Leans on responder's primary key.
-- Whether they are free is asked afterwards, in a statement of its own (`free`): within one statement the answer would
-- come from before the lock. NO KEY UPDATE keeps out other claims and lets the foreign keys of check-ins pass.
WITH taken AS (
  SELECT id FROM responder
  WHERE network_id = :network_id AND id = ANY (CAST(:ids AS bigint[]))
  ORDER BY id
  FOR NO KEY UPDATE SKIP LOCKED)
UPDATE responder r SET claim_seq = r.claim_seq + 1
FROM taken WHERE r.network_id = :network_id AND r.id = taken.id
RETURNING r.id
