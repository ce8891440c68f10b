-- Takes people's hands off incidents that nobody judged, sent anybody to, or has a standing decision about, so that the
-- machine may merge them again by itself. Leans on decision_incident, decision_other, dispatch_incident.
UPDATE incident i SET touched = false
WHERE i.network_id = :network_id AND i.id = ANY(CAST(:ids AS bigint[])) AND i.touched
  AND NOT EXISTS (SELECT FROM judgement j WHERE j.network_id = i.network_id AND j.incident_id = i.id)
  AND NOT EXISTS (SELECT FROM dispatch p WHERE p.network_id = i.network_id AND p.incident_id = i.id)
  AND NOT EXISTS (SELECT FROM decision d WHERE d.network_id = i.network_id AND d.undone_at IS NULL
                  AND (d.incident_id = i.id OR d.other_id = i.id))
