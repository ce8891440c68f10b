"""The ground of the base map, and the zones drawn on it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE ground (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  layer text NOT NULL CHECK (layer IN ('water', 'park', 'landuse', 'building', 'street', 'place')),
  kind text NOT NULL,
  name text,
  min_zoom smallint NOT NULL DEFAULT 0 CHECK (min_zoom BETWEEN 0 AND 22),
  shape geometry(Geometry, 4326) NOT NULL,
  PRIMARY KEY (network_id, id)
);
CREATE INDEX ground_shape ON ground USING gist (network_id, shape);
SELECT wall_off('ground');

CREATE TABLE zone (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  boundary geometry(MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid(boundary) AND NOT ST_IsEmpty(boundary)),
  source text NOT NULL DEFAULT 'drawn' CHECK (source IN ('drawn', 'imported', 'demo')),
  version int NOT NULL DEFAULT 1,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (network_id, id)
);
CREATE UNIQUE INDEX zone_name ON zone (network_id, name);
CREATE INDEX zone_boundary ON zone USING gist (network_id, boundary);
SELECT wall_off('zone');

-- The shape of a cell, worked out once and the same for everybody: it says nothing about any network.
CREATE TABLE cell_shape (
  cell bigint PRIMARY KEY,
  boundary geometry(Polygon, 4326) NOT NULL,
  centre geometry(Point, 4326) NOT NULL
);
GRANT SELECT, INSERT ON cell_shape TO tandem_app;
"""

DOWN = """
DROP TABLE cell_shape, zone, ground;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
