-- Ends holds that nobody renewed in time. Leans on one_hold_at_a_time.
UPDATE hold SET lifted_at = :now
WHERE network_id = :network_id AND lifted_at IS NULL AND lapses_at <= :now
RETURNING id
