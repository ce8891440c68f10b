-- How many have read each of some statements, and how many read what it answers and not yet the answer.
-- Leans on the key of statement_seen.
SELECT s.id,
       (SELECT count(*) FROM statement_seen r WHERE r.network_id = s.network_id AND r.statement_id = s.id) AS seen,
       (SELECT count(*) FROM statement_seen had
        WHERE had.network_id = s.network_id AND had.statement_id = s.answers
          AND NOT EXISTS (SELECT FROM statement_seen r WHERE r.network_id = s.network_id AND r.statement_id = s.id
                          AND r.account_id = had.account_id)) AS owed
FROM statement s
WHERE s.network_id = :network_id AND s.id = ANY(CAST(:ids AS bigint[]))
