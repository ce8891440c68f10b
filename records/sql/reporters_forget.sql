-- Forgets reporters of weeks before a day to whom no sighting leads any more.
-- Leans on sighting_reporter.
DELETE FROM reporter r
WHERE r.network_id = :network_id AND r.since_on <= :day
  AND NOT EXISTS (SELECT FROM sighting s WHERE s.network_id = r.network_id AND s.reporter_id = r.id)
RETURNING r.id
