-- Notes that a part works now, by the database's clock. Leans on the primary key.
UPDATE heartbeat SET beaten_at = clock_timestamp() WHERE part = :part
