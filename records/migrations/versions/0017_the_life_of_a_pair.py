"""The brief read before setting out, asking by hand, how far an alarm has climbed, rest that only grows, offers."""

from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

# Seats that are taken already count as briefed: their people may be on the way.
UP = """
ALTER TABLE dispatch
  ADD COLUMN by_hand boolean NOT NULL DEFAULT false,
  ADD COLUMN none_found_until timestamptz;

ALTER TABLE seat
  ADD COLUMN brief_read_at timestamptz DEFAULT now(),
  ADD COLUMN rung smallint NOT NULL DEFAULT 0 CHECK (rung BETWEEN 0 AND 9);
ALTER TABLE seat ALTER COLUMN brief_read_at DROP DEFAULT;
ALTER TABLE seat ADD CONSTRAINT the_brief_comes_first CHECK (step NOT IN (1, 2, 3) OR brief_read_at IS NOT NULL);
CREATE INDEX seat_silent ON seat (network_id, checkin_missed_at) WHERE checkin_missed_at IS NOT NULL;

-- How often somebody was asked lately is looked up for each person whom a wave might ask.
CREATE INDEX offer_asked ON offer (network_id, responder_id, offered_at);

-- A rest may be lengthened, by the person or by the rules; nobody shortens it, the desk least of all.
CREATE FUNCTION rest_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF coalesce(new.resting_until, '-infinity') < coalesce(old.resting_until, '-infinity') THEN
    RAISE EXCEPTION 'a rest is never shortened'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'a_rest_is_never_shortened';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER rest_only_grows BEFORE UPDATE OF resting_until ON responder
  FOR EACH ROW EXECUTE FUNCTION rest_only_grows();
"""

DOWN = """
DROP TRIGGER rest_only_grows ON responder;
DROP FUNCTION rest_only_grows();
DROP INDEX offer_asked, seat_silent;
ALTER TABLE seat DROP CONSTRAINT the_brief_comes_first, DROP COLUMN brief_read_at, DROP COLUMN rung;
ALTER TABLE dispatch DROP COLUMN by_hand, DROP COLUMN none_found_until;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
