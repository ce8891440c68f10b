-- Makes the reporter rows of one week for accounts that have none yet, in order; another transaction may be doing the
-- same. Only a person carries a lineage; a feed or a script is one group of its own, of no weight.
INSERT INTO reporter (network_id, id, account_id, source_group, lineage, vouched, since_on)
SELECT a.network_id, told.id, a.id, CASE a.kind WHEN 'person' THEN a.lineage ELSE a.id END,
       CASE a.kind WHEN 'person' THEN a.lineage END, a.kind = 'person', :since_on
FROM unnest(CAST(:accounts AS bigint[]), CAST(:ids AS bigint[])) AS told(account_id, id)
JOIN account a ON a.network_id = :network_id AND a.id = told.account_id
ORDER BY a.id
ON CONFLICT (network_id, account_id, since_on) WHERE account_id IS NOT NULL DO NOTHING
