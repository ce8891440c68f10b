-- Counts the vouchers of one account that are not past their day, used ones too.
-- Parameters: network_id, made_by (account), moment (timestamptz).
-- Locks the maker's account, so that two vouchers at once cannot both be the last one allowed.
WITH maker AS (
  SELECT id FROM account WHERE network_id = :network_id AND id = :made_by FOR NO KEY UPDATE
)
SELECT count(*) FROM voucher
WHERE network_id = :network_id AND made_by = (SELECT id FROM maker) AND expires_at > :moment
