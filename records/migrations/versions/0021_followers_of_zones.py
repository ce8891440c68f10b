"""A zone that is removed is followed by nobody any more: no account and no responder keeps its number."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UP = """
UPDATE account a SET zone_ids = ARRAY(
  SELECT f FROM unnest(a.zone_ids) f WHERE EXISTS (SELECT FROM zone z WHERE z.network_id = a.network_id AND z.id = f))
WHERE a.zone_ids <> '{}';
UPDATE responder r SET zone_ids = ARRAY(
  SELECT f FROM unnest(r.zone_ids) f WHERE EXISTS (SELECT FROM zone z WHERE z.network_id = r.network_id AND z.id = f))
WHERE r.zone_ids <> '{}';

-- Whoever followed only this zone gets the alerts of all zones again, as their page says: silence would be worse.
CREATE FUNCTION unfollow_zone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE account SET zone_ids = array_remove(zone_ids, old.id)
  WHERE network_id = old.network_id AND old.id = ANY(zone_ids);
  UPDATE responder SET zone_ids = array_remove(zone_ids, old.id)
  WHERE network_id = old.network_id AND old.id = ANY(zone_ids);
  RETURN NULL;
END $$;
CREATE TRIGGER unfollow_zone AFTER DELETE ON zone FOR EACH ROW EXECUTE FUNCTION unfollow_zone();
"""

DOWN = """
DROP TRIGGER unfollow_zone ON zone;
DROP FUNCTION unfollow_zone();
"""


def upgrade() -> None:
    """Add what is new."""
    op.execute(UP)


def downgrade() -> None:
    """Take it out again."""
    op.execute(DOWN)
