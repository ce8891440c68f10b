-- Takes what people wrote to what they judged before a moment; what counsel holds stays. Leans on judgement_judged.
UPDATE judgement SET note = NULL
WHERE network_id = :network_id AND judged_at <= :moment AND note IS NOT NULL
  AND incident_id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
RETURNING id
