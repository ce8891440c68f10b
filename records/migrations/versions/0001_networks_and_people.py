"""Networks, the accounts in them, their sessions and vouchers."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tandem_app') THEN CREATE ROLE tandem_app NOLOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO tandem_app;

-- The network of this transaction; without one, no row of any network can be seen or written.
CREATE FUNCTION this_network() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('tandem.network_id', true), '')::int $$;

-- Called once per table: the second wall between networks, for the owner too.
CREATE FUNCTION wall_off(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
  EXECUTE format('CREATE POLICY own_network ON %s USING (network_id = (SELECT this_network()))', table_name);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO tandem_app', table_name);
END $$;

CREATE TABLE network (
  id int PRIMARY KEY CHECK (id > 0),
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  kind text NOT NULL CHECK (kind IN ('live', 'demo', 'rehearsal')),
  policy jsonb NOT NULL DEFAULT '{}',
  zones_version int NOT NULL DEFAULT 1,
  rehearsal_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT only_a_rehearsal_has_its_own_clock CHECK (rehearsal_at IS NULL OR kind = 'rehearsal')
);
-- Which networks exist is no secret on this server; changing one needs to be inside it.
ALTER TABLE network ENABLE ROW LEVEL SECURITY;
CREATE POLICY anyone_reads ON network FOR SELECT USING (true);
CREATE POLICY own_network ON network FOR UPDATE USING (id = (SELECT this_network()));
GRANT SELECT, UPDATE ON network TO tandem_app;

CREATE TABLE account (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  alias text NOT NULL CHECK (alias ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(alias) <= 40),
  kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'script', 'feed')),
  lineage bigint NOT NULL,
  roles text[] NOT NULL CHECK (roles <@ ARRAY['spotter', 'responder', 'operator', 'dispatcher', 'verifier',
                                              'organizer', 'analyst', 'legal', 'admin']),
  passphrase_hash text,
  lang text NOT NULL DEFAULT 'en',
  created_on date NOT NULL,
  last_seen_on date,
  suspended_at timestamptz,
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, alias),
  UNIQUE (network_id, id, lineage)
);
SELECT wall_off('account');

CREATE TABLE voucher (
  network_id int NOT NULL,
  code_sha256 bytea NOT NULL CHECK (length(code_sha256) = 32),
  roles text[] NOT NULL,
  lineage bigint,
  made_by bigint,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (network_id, code_sha256),
  FOREIGN KEY (network_id, made_by) REFERENCES account ON DELETE SET NULL (made_by)
);
SELECT wall_off('voucher');

CREATE TABLE session (
  network_id int NOT NULL,
  token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),
  account_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('person', 'script')),
  created_at timestamptz NOT NULL,
  used_at timestamptz NOT NULL,
  proved_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (network_id, token_sha256),
  FOREIGN KEY (network_id, account_id) REFERENCES account ON DELETE CASCADE
);
CREATE INDEX session_account ON session (network_id, account_id);
SELECT wall_off('session');
"""

DOWN = """
DROP TABLE session, voucher, account, network;
DROP FUNCTION wall_off(regclass);
DROP FUNCTION this_network();
REVOKE USAGE ON SCHEMA public FROM tandem_app;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
