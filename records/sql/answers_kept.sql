-- What stands under some Idempotency-Keys. Leans on the primary key (network_id, account, key).
SELECT account, key, body_sha256, answer
FROM idempotency
JOIN unnest(CAST(:accounts AS bigint[]), CAST(:keys AS text[])) AS asked(account, key) USING (account, key)
WHERE network_id = :network_id
