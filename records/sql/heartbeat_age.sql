-- How many seconds ago a part last worked, by the database's clock; null where it never did.
SELECT CASE WHEN isfinite(beaten_at) THEN greatest(0, extract(epoch FROM clock_timestamp() - beaten_at)) END AS age_s
FROM heartbeat WHERE part = :part
