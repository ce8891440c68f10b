-- Notes that sessions are used, at most once a minute each, and that their accounts were seen on this day.
-- Parameters: network_id, tokens (SHA-256, bytea[]), moment, unused_since (timestamptz), day (date).
-- Leans on the primary key of session. SKIP LOCKED: two requests of one session never wait for each other here.
WITH due AS (
  SELECT token_sha256, account_id FROM session
  WHERE network_id = :network_id AND token_sha256 = ANY (:tokens) AND used_at < :unused_since
  FOR NO KEY UPDATE SKIP LOCKED
), seen AS (
  UPDATE account SET last_seen_on = :day
  WHERE network_id = :network_id AND last_seen_on IS DISTINCT FROM :day
    AND id IN (SELECT id FROM account
               WHERE network_id = :network_id AND id IN (SELECT account_id FROM due)
               FOR NO KEY UPDATE SKIP LOCKED)
)
UPDATE session SET used_at = :moment
WHERE network_id = :network_id AND token_sha256 IN (SELECT token_sha256 FROM due)
