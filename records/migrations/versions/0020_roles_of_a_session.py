"""A script's session carries the roles it was made for; a person's carries those of its account."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE session ADD roles text[] CONSTRAINT roles_of_a_session_are_some CHECK (cardinality(roles) > 0);
-- Scripts made before may do what they were asked for nowhere: they end, and are made again.
DELETE FROM session WHERE kind = 'script';
ALTER TABLE session ADD CONSTRAINT a_script_names_its_roles CHECK (kind <> 'script' OR roles IS NOT NULL);
"""

DOWN = """
ALTER TABLE session DROP CONSTRAINT a_script_names_its_roles, DROP roles;
"""


def upgrade() -> None:
    """Add what is new."""
    op.execute(UP)


def downgrade() -> None:
    """Take it out again."""
    op.execute(DOWN)
