-- Takes many Idempotency-Keys for this transaction, in order, and returns those that are ours; a key that another
-- transaction is taking right now is waited for. Leans on the primary key (network_id, account, key).
INSERT INTO idempotency (network_id, account, key, body_sha256, status, answer)
SELECT :network_id, account, key, decode(body, 'hex'), :status, answer
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(account bigint, key text, body text, answer jsonb)
ORDER BY account, key
ON CONFLICT DO NOTHING
RETURNING account, key
