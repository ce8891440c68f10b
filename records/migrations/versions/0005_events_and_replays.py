"""The event log that streams resume from, answers kept for retries, and the audit of who looked."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = """
-- Identifiers and versions only: no places, no text. Read below pg_snapshot_xmin, else a late commit is missed.
CREATE TABLE event (
  network_id int NOT NULL REFERENCES network,
  x xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  subject bigint NOT NULL,
  version int NOT NULL DEFAULT 1,
  responder_id bigint,
  cell5 bigint,
  PRIMARY KEY (network_id, x, id)
);
CREATE INDEX event_at ON event USING brin (at);
SELECT wall_off('event');
-- Which log this is (a restored one is another), and up to where it was forgotten.
CREATE TABLE stream_epoch (epoch text PRIMARY KEY, forgotten xid8 NOT NULL DEFAULT '0');
INSERT INTO stream_epoch VALUES (substr(md5(gen_random_uuid()::text), 1, 8));
GRANT SELECT, UPDATE ON stream_epoch TO tandem_app;

CREATE TABLE idempotency (
  network_id int NOT NULL REFERENCES network,
  account bigint NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
  body_sha256 bytea NOT NULL,
  status smallint,
  answer jsonb,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, account, key)
);
CREATE INDEX idempotency_at ON idempotency USING brin (at);
SELECT wall_off('idempotency');

CREATE TABLE audit (
  network_id int NOT NULL REFERENCES network,
  id bigint GENERATED ALWAYS AS IDENTITY,
  account_id bigint,
  act text NOT NULL,
  object_class text NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (network_id, id)
);
SELECT wall_off('audit');
"""

DOWN = """
DROP TABLE audit, idempotency, stream_epoch, event;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
