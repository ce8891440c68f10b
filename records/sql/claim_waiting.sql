-- Takes responders for this transaction in id order, and waits for whoever is being taken by somebody else: a yes must
-- not be lost to a moment's bad luck. Returns the ids taken. Leans on responder's primary key.
WITH taken AS (
  SELECT id FROM responder
  WHERE network_id = :network_id AND id = ANY (CAST(:ids AS bigint[]))
  ORDER BY id
  FOR NO KEY UPDATE)
UPDATE responder r SET claim_seq = r.claim_seq + 1
FROM taken WHERE r.network_id = :network_id AND r.id = taken.id
RETURNING r.id
