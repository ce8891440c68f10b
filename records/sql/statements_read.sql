-- What one member is to be told now: statements that stand, and answers while they are fresh or until whoever read the
-- statement has read its answer; of the member's zones alone, or of what they have read before. Newest first.
-- Leans on statement_valid for the fresh ones and on the key of statement_seen.
SELECT s.id, mine.seen, s.answers IS NOT NULL AND had.seen AND NOT mine.seen AS owed
FROM statement s
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM statement_seen r WHERE r.network_id = s.network_id AND r.statement_id = s.id
                 AND r.account_id = :account_id) AS seen) AS mine
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM statement_seen r WHERE r.network_id = s.network_id AND r.statement_id = s.answers
                 AND r.account_id = :account_id AND r.seen_on >= :told_since) AS seen) AS had
WHERE s.network_id = :network_id AND s.state = 'standing' AND s.said_at >= CAST(:told_since AS date)
  AND (cardinality(CAST(:zones AS bigint[])) = 0 OR s.zone_ids && CAST(:zones AS bigint[]) OR had.seen)
  AND (s.valid_until > :now OR (had.seen AND NOT mine.seen))
ORDER BY s.said_at DESC, s.id DESC
