-- Takes the plate's token and last two characters from sightings received before a moment.
-- Leans on sighting_plated.
UPDATE sighting SET plate_token = NULL, plate_tail = NULL
WHERE network_id = :network_id AND received_at <= :moment AND (plate_token IS NOT NULL OR plate_tail IS NOT NULL)
RETURNING id
