-- Which of some sessions (SHA-256 of tokens) hold at a moment, and when each was used last; a person's must have been
-- used since another moment, and nobody suspended has one. Leans on the primary keys of session and account.
SELECT s.token_sha256, s.used_at
FROM session s
JOIN account a ON a.network_id = s.network_id AND a.id = s.account_id AND a.suspended_at IS NULL
WHERE s.network_id = :network_id AND s.token_sha256 = ANY(CAST(:tokens AS bytea[]))
  AND s.expires_at > :moment AND (s.kind = 'script' OR s.used_at > :unused_since)
