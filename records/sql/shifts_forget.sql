-- Takes from responders whose time on call ended before a moment when that was. Leans on responder's key.
UPDATE responder SET available_until = NULL, available_since = NULL, rules_read_at = NULL
WHERE network_id = :network_id AND coalesce(available_until, rules_read_at, available_since) <= :moment
RETURNING id
