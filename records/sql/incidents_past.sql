-- Incidents that still stand where they happened though their time is over, with their cell; taken for this
-- transaction, those in other hands and what counsel holds left out. Leans on incident_exact.
SELECT id, cell10, was_verified FROM incident
WHERE network_id = :network_id AND coarse_since IS NULL
  AND last_seen_at <= CASE WHEN was_verified THEN CAST(:verified_before AS timestamptz)
                           ELSE CAST(:unverified_before AS timestamptz) END
  AND id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
ORDER BY id
LIMIT :at_once
FOR UPDATE SKIP LOCKED
