-- How many seconds lie between now and a part's last work, by the database's clock; null where it never worked. A beat
-- that lies ahead is from before the clock was set back: a part that works has beaten anew since.
SELECT CASE WHEN isfinite(beaten_at) THEN abs(extract(epoch FROM clock_timestamp() - beaten_at)) END AS age_s
FROM heartbeat WHERE part = :part
