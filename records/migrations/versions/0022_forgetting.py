"""What people reported is forgotten on time: where to look for what is past its limit, and since when it is coarse."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UP = """
CREATE INDEX sighting_exact ON sighting (network_id, received_at)
  WHERE location IS NOT NULL OR note IS NOT NULL OR vehicles <> '[]';
CREATE INDEX sighting_plated ON sighting (network_id, received_at)
  WHERE plate_token IS NOT NULL OR plate_tail IS NOT NULL;
CREATE INDEX sighting_linked ON sighting (network_id, received_at) WHERE reporter_id IS NOT NULL;

-- Since when an incident stands at the middle of its coarse cell, and no reason tells more of it.
ALTER TABLE incident ADD coarse_since timestamptz;
CREATE INDEX incident_exact ON incident (network_id, last_seen_at) WHERE coarse_since IS NULL;
"""

DOWN = """
DROP INDEX sighting_exact, sighting_plated, sighting_linked;
ALTER TABLE incident DROP coarse_since;
"""


def upgrade() -> None:
    """Add what is new."""
    op.execute(UP)


def downgrade() -> None:
    """Take it out again."""
    op.execute(DOWN)
