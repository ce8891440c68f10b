-- Lets everything that counts for an incident count for another one from now on; where it came from stays written down.
-- Leans on cluster_incident.
UPDATE cluster SET home_id = coalesce(home_id, incident_id), incident_id = :into
WHERE network_id = :network_id AND incident_id = :incident_id
