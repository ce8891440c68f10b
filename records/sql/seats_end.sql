-- Ends open seats of a dispatch, all or one person's. An end is after its beginning even when a clock stepped back.
-- Leans on seat's primary key.
UPDATE seat SET
  active = false,
  during = tstzrange(lower(during), greatest(CAST(:now AS timestamptz), lower(during) + interval '1 microsecond')),
  left_because = :why,
  checkin_due_at = NULL
WHERE network_id = :network_id AND dispatch_id = :dispatch_id AND active
  AND (CAST(:responder_id AS bigint) IS NULL OR responder_id = :responder_id)
RETURNING responder_id
