-- What was counted for some subjects, each a kind and a key. Leans on the primary key.
SELECT r.about, r.key, r.real, r.unreal, r.expected, r.counted_on
FROM unnest(CAST(:abouts AS text[]), CAST(:keys AS text[])) AS asked(about, key)
JOIN reliability r ON r.network_id = :network_id AND r.about = asked.about AND r.key = asked.key
