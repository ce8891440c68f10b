"""Responders by the cell they are in or start from, and by the seat they sit on: dispatch reads the near alone."""

from alembic import op

revision = "0013"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = """
CREATE INDEX position_cell ON position (network_id, cell9);
CREATE INDEX responder_base ON responder (network_id, base_cell9) WHERE base_cell9 IS NOT NULL;
CREATE INDEX seat_now ON seat (network_id, responder_id) WHERE active;
"""

DOWN = "DROP INDEX position_cell, responder_base, seat_now"


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
