"""Whose place on the roster changed, by transaction: what a copy in memory has to read again."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Only appended to, so that nobody waits for anybody: two transactions that change one person write a row each. A row
# names a person and a transaction, never a place.
UP = """
CREATE TABLE roster_change (
  network_id int NOT NULL,
  x xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  responder_id bigint NOT NULL,
  PRIMARY KEY (network_id, x, id)
);
SELECT wall_off('roster_change');
ALTER TABLE roster_change ALTER network_id SET STATISTICS 0;

CREATE FUNCTION note_roster_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO roster_change (network_id, responder_id) VALUES (OLD.network_id, OLD.responder_id);
  ELSE
    INSERT INTO roster_change (network_id, responder_id) VALUES (NEW.network_id, NEW.responder_id);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_roster_change_of_responder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO roster_change (network_id, responder_id) VALUES (OLD.network_id, OLD.id);
  ELSE
    INSERT INTO roster_change (network_id, responder_id) VALUES (NEW.network_id, NEW.id);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_roster_change_of_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO roster_change (network_id, responder_id)
  SELECT network_id, id FROM responder WHERE network_id = NEW.network_id AND account_id = NEW.id;
  RETURN NULL;
END $$;

-- A seat says of everybody who ever sat on that dispatch with whom they went.
CREATE FUNCTION note_roster_change_of_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE one seat := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  INSERT INTO roster_change (network_id, responder_id)
  SELECT one.network_id, one.responder_id
  UNION
  SELECT network_id, responder_id FROM seat WHERE network_id = one.network_id AND dispatch_id = one.dispatch_id;
  RETURN NULL;
END $$;

CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OR DELETE ON responder
  FOR EACH ROW EXECUTE FUNCTION note_roster_change_of_responder();
CREATE TRIGGER note_roster_change AFTER UPDATE OF alias, lineage, suspended_at ON account
  FOR EACH ROW EXECUTE FUNCTION note_roster_change_of_account();
CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OR DELETE ON certificate
  FOR EACH ROW EXECUTE FUNCTION note_roster_change();
CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OR DELETE ON position
  FOR EACH ROW EXECUTE FUNCTION note_roster_change();
CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OF state, settled, responder_id OR DELETE ON offer
  FOR EACH ROW EXECUTE FUNCTION note_roster_change();
CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OF active, during, left_because, responder_id OR DELETE ON seat
  FOR EACH ROW EXECUTE FUNCTION note_roster_change_of_seat();
"""

DOWN = """
DROP TRIGGER note_roster_change ON seat;
DROP TRIGGER note_roster_change ON offer;
DROP TRIGGER note_roster_change ON position;
DROP TRIGGER note_roster_change ON certificate;
DROP TRIGGER note_roster_change ON account;
DROP TRIGGER note_roster_change ON responder;
DROP FUNCTION note_roster_change_of_seat();
DROP FUNCTION note_roster_change_of_account();
DROP FUNCTION note_roster_change_of_responder();
DROP FUNCTION note_roster_change();
DROP TABLE roster_change;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
