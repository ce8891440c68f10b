"""Plans do not depend on which networks the planner happens to know."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A network the planner never saw counts as empty for it; every index then looks equally good, and it may read all of
# the network's rows instead of one cell's. Without statistics on the leading column it assumes a two-hundredth of the
# table, and takes the index that names most columns.
_EACH = """
DO $$ DECLARE one regclass; BEGIN
  FOR one IN SELECT attrelid::regclass FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
             WHERE attname = 'network_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s ALTER network_id SET STATISTICS {target}', one);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Go up."""
    op.execute(_EACH.replace("{target}", "0"))


def downgrade() -> None:
    """Come back down."""
    op.execute(_EACH.replace("{target}", "-1"))
