-- Drops how long steps took on days before one. Leans on past_time's key.
DELETE FROM past_time WHERE network_id = :network_id AND day_on < :day
RETURNING step
