"""The few coarse sightings can be found by time alone."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    op.execute(
        "CREATE INDEX sighting_coarse ON sighting (network_id, observed_at)"
        " WHERE use = 'coarse' AND retracted_at IS NULL"
    )


def downgrade() -> None:
    """Come back down."""
    op.execute("DROP INDEX sighting_coarse")
