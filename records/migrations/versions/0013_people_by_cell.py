"""Responders by the cell they are in or start from, and by the seat they sit on: dispatch reads the near alone."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# No statement leans on the two indexes that go, and in small tables the planner took them for look-ups by key.
UP = """
DROP INDEX responder_available, offer_due;
CREATE INDEX position_cell ON position (network_id, cell9);
CREATE INDEX responder_base ON responder (network_id, base_cell9) WHERE base_cell9 IS NOT NULL;
CREATE INDEX seat_now ON seat (network_id, responder_id) WHERE active;
"""

DOWN = """
DROP INDEX position_cell, responder_base, seat_now;
CREATE INDEX responder_available ON responder (network_id, available_until);
CREATE INDEX offer_due ON offer (network_id, expires_at) WHERE state = 'offered';
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
