-- Drops holds that ended before a moment. Leans on hold's key.
DELETE FROM hold WHERE network_id = :network_id AND lifted_at <= :moment
RETURNING id
