-- Makes one account wait in line: a second act that asks for the same account goes on once this one has ended.
-- Parameters: network_id, account_id. Leans on the primary key of account; people who only point to it never wait.
SELECT id FROM account WHERE network_id = :network_id AND id = :account_id FOR NO KEY UPDATE
