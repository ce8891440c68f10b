"""Who changed the clusters of a large cell last, so that a window kept in memory is never believed when it is stale."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UP = """
-- The last transaction that changed what a window over this cell (resolution 6, as the locks) would hold.
CREATE TABLE window_version (
  network_id int NOT NULL REFERENCES network,
  cell bigint NOT NULL,
  changed_by xid8 NOT NULL,
  PRIMARY KEY (network_id, cell)
) WITH (fillfactor = 50);
SELECT wall_off('window_version');
ALTER TABLE window_version ALTER network_id SET STATISTICS 0;

-- The cell of resolution 6 above one of resolution 9: its resolution written anew, its finer digits all ones.
CREATE FUNCTION window_cell(cell9 bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (cell9 & ~(15::bigint << 52)) | (6::bigint << 52) | 134217727;

-- Intake says itself what it changes. These are for everybody else who gives the window something it may not
-- know: sightings that change clusters or are taken along by a split, clusters that
-- change incidents, incidents that are opened again.
CREATE FUNCTION window_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO window_version AS known (network_id, cell, changed_by)
  SELECT NEW.network_id, cell, pg_current_xact_id() FROM (
    SELECT window_cell(cell9) AS cell FROM sighting
    WHERE TG_TABLE_NAME = 'sighting' AND network_id = NEW.network_id AND id = NEW.id AND cell9 IS NOT NULL
    UNION
    SELECT window_cell(cell9) FROM sighting
    WHERE TG_TABLE_NAME = 'cluster' AND network_id = NEW.network_id AND cluster_id = NEW.id AND cell9 IS NOT NULL
    UNION
    SELECT window_cell(s.cell9) FROM cluster c
    JOIN sighting s ON s.network_id = c.network_id AND s.cluster_id = c.id AND s.cell9 IS NOT NULL
    WHERE TG_TABLE_NAME = 'incident' AND c.network_id = NEW.network_id AND c.incident_id = NEW.id
    ORDER BY cell) AS here
  ON CONFLICT (network_id, cell) DO UPDATE SET changed_by = EXCLUDED.changed_by
    WHERE known.changed_by <> EXCLUDED.changed_by;
  RETURN NULL;
END $$;
CREATE TRIGGER sighting_changed_clusters AFTER UPDATE OF cluster_id ON sighting FOR EACH ROW
  WHEN (NEW.cluster_id IS NOT NULL AND OLD.cluster_id IS DISTINCT FROM NEW.cluster_id)
  EXECUTE FUNCTION window_changed();
CREATE TRIGGER sighting_changed_sides AFTER UPDATE OF pinned_id ON sighting FOR EACH ROW
  WHEN (OLD.pinned_id IS DISTINCT FROM NEW.pinned_id) EXECUTE FUNCTION window_changed();
CREATE TRIGGER cluster_changed_incidents AFTER UPDATE OF incident_id ON cluster FOR EACH ROW
  WHEN (OLD.incident_id <> NEW.incident_id) EXECUTE FUNCTION window_changed();
CREATE TRIGGER incident_opened_again AFTER UPDATE OF ended_at ON incident FOR EACH ROW
  WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL) EXECUTE FUNCTION window_changed();
"""

DOWN = """
DROP TRIGGER incident_opened_again ON incident;
DROP TRIGGER cluster_changed_incidents ON cluster;
DROP TRIGGER sighting_changed_sides ON sighting;
DROP TRIGGER sighting_changed_clusters ON sighting;
DROP FUNCTION window_changed();
DROP TABLE window_version;
DROP FUNCTION window_cell(bigint);
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
