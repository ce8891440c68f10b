"""When each part of a deployment last did its work, so that the others notice when it does not."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UP = """
-- Of the server, not of a network: it tells of no person. The time is the database's, so that no clock that was moved
-- makes a dead part look alive.
CREATE TABLE heartbeat (
  part text PRIMARY KEY CHECK (part IN ('worker', 'service')),
  beaten_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO heartbeat VALUES ('worker', '-infinity'), ('service', '-infinity');
GRANT SELECT, UPDATE ON heartbeat TO tandem_app;
"""

DOWN = """
DROP TABLE heartbeat;
"""


def upgrade() -> None:
    """Add what is new."""
    op.execute(UP)


def downgrade() -> None:
    """Take it out again."""
    op.execute(DOWN)
