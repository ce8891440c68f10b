-- Accounts as sources of sightings with their reporter rows of one week; suspended accounts are left out.
-- Leans on the key of account and on reporter_account.
SELECT a.id AS account_id, a.kind, a.lineage, a.roles, r.id AS reporter_id
FROM account a
LEFT JOIN reporter r ON r.network_id = a.network_id AND r.account_id = a.id AND r.since_on = :since_on
WHERE a.network_id = :network_id AND a.id = ANY(CAST(:accounts AS bigint[])) AND a.suspended_at IS NULL
