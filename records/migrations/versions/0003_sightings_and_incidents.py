"""Sightings, who reported them, the clusters they form, the incidents people work on, what they judged."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
-- Who a sighting came from, apart from it, so that the link can be cut on time.
CREATE TABLE reporter (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  account_id bigint,
  source_group bigint NOT NULL,
  lineage bigint,
  vouched boolean NOT NULL,
  since_on date NOT NULL,
  CONSTRAINT nobody_vouched_has_no_weight CHECK (vouched = (lineage IS NOT NULL)),
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, account_id) REFERENCES account ON DELETE SET NULL (account_id)
);
CREATE UNIQUE INDEX reporter_account ON reporter (network_id, account_id, since_on) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX reporter_outside ON reporter (network_id, source_group) WHERE account_id IS NULL;
SELECT wall_off('reporter');

CREATE TABLE incident (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  status text NOT NULL DEFAULT 'unverified'
    CHECK (status IN ('unverified', 'corroborated', 'verified', 'unfounded', 'closed')),
  merged_into bigint,
  split_from bigint,
  touched boolean NOT NULL DEFAULT false,
  standing real NOT NULL DEFAULT 0,
  queue real NOT NULL DEFAULT 0,
  probability real NOT NULL DEFAULT 0 CHECK (probability BETWEEN 0 AND 1),
  reasons jsonb NOT NULL DEFAULT '[]',
  location geography(Point, 4326) NOT NULL,
  cell7 bigint NOT NULL,
  cell10 bigint NOT NULL,
  zone_ids bigint[] NOT NULL DEFAULT '{}',
  activity text,
  unit text,
  agency text CHECK (agency IN ('immigration', 'local_police', 'other_federal', 'unknown')),
  sightings int NOT NULL DEFAULT 0,
  groups int NOT NULL DEFAULT 0,
  vouched_groups int NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL,
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  ended_at timestamptz,
  verifier1 bigint,
  verifier2 bigint,
  verifier1_lineage bigint,
  verifier2_lineage bigint,
  was_verified boolean NOT NULL DEFAULT false,
  verified boolean NOT NULL GENERATED ALWAYS AS (status = 'verified') STORED,
  version int NOT NULL DEFAULT 1,
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, id, verified),
  UNIQUE (network_id, id, was_verified),
  CONSTRAINT verified_means_two_people_of_two_lineages CHECK (NOT was_verified OR (
    num_nulls(verifier1, verifier2, verifier1_lineage, verifier2_lineage) = 0
    AND verifier1 <> verifier2 AND verifier1_lineage <> verifier2_lineage)),
  CONSTRAINT verified_was_verified CHECK (status <> 'verified' OR was_verified),
  CONSTRAINT an_end_has_a_time CHECK ((status IN ('unfounded', 'closed')) = (ended_at IS NOT NULL)),
  CONSTRAINT not_merged_into_itself CHECK (merged_into <> id),
  FOREIGN KEY (network_id, merged_into) REFERENCES incident,
  FOREIGN KEY (network_id, split_from) REFERENCES incident,
  FOREIGN KEY (network_id, verifier1, verifier1_lineage) REFERENCES account (network_id, id, lineage),
  FOREIGN KEY (network_id, verifier2, verifier2_lineage) REFERENCES account (network_id, id, lineage)
);
CREATE INDEX incident_open ON incident (network_id, last_seen_at)
  WHERE status IN ('unverified', 'corroborated', 'verified') AND merged_into IS NULL;
CREATE INDEX incident_seen ON incident (network_id, last_seen_at);
CREATE INDEX incident_location ON incident USING gist (network_id, location);
SELECT wall_off('incident');

-- What the machine computes; what people work on is the incident it belongs to.
CREATE TABLE cluster (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  incident_id bigint NOT NULL,
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, incident_id) REFERENCES incident
) WITH (fillfactor = 60);
CREATE INDEX cluster_incident ON cluster (network_id, incident_id);
SELECT wall_off('cluster');

CREATE TABLE sighting (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  reporter_id bigint,
  source_group bigint NOT NULL,
  lineage bigint,
  vouched boolean NOT NULL,
  kind text NOT NULL CHECK (kind IN ('vehicle', 'activity')),
  activity text CHECK (activity IN ('stop', 'arrest', 'door_visit', 'workplace', 'checkpoint', 'staging', 'patrol',
                                    'surveillance', 'other')),
  unit text NOT NULL DEFAULT 'unknown' CHECK (unit IN ('immigration', 'local_police', 'other_federal', 'unknown')),
  basis text,
  size int CHECK (size BETWEEN 0 AND 1000),
  accuracy_m real NOT NULL CHECK (accuracy_m BETWEEN 0 AND 100000),
  observed_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  clamped boolean NOT NULL DEFAULT false,
  use text NOT NULL CHECK (use IN ('indexed', 'coarse', 'documentation', 'over_cap')),
  location geography(Point, 4326),
  cell5 bigint NOT NULL,
  cell6 bigint NOT NULL,
  cell7 bigint NOT NULL,
  cell8 bigint,
  cell9 bigint,
  cell10 bigint,
  zone_ids bigint[] NOT NULL DEFAULT '{}',
  vehicles jsonb NOT NULL DEFAULT '[]',
  plate_token bigint,
  plate_tail text CHECK (length(plate_tail) <= 2),
  note text CHECK (length(note) <= 500),
  lang text,
  cluster_id bigint,
  retracted_at timestamptz,
  CONSTRAINT an_indexed_sighting_has_a_place CHECK (
    cluster_id IS NULL OR location IS NULL OR num_nulls(cell8, cell9, cell10) = 0),
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, reporter_id) REFERENCES reporter ON DELETE SET NULL (reporter_id),
  FOREIGN KEY (network_id, cluster_id) REFERENCES cluster
);
CREATE INDEX sighting_near ON sighting (network_id, cell9, observed_at) WHERE retracted_at IS NULL;
CREATE INDEX sighting_cluster ON sighting (network_id, cluster_id);
CREATE INDEX sighting_received ON sighting USING brin (received_at);
CREATE INDEX sighting_observed ON sighting (network_id, observed_at);
SELECT wall_off('sighting');

CREATE TABLE judgement (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  incident_id bigint NOT NULL,
  account_id bigint NOT NULL,
  lineage bigint NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('verified', 'unfounded', 'unsure', 'clear')),
  agency text CHECK (agency IN ('immigration', 'local_police', 'other_federal', 'unknown')),
  basis text CHECK (basis IN ('vehicle marking', 'uniform marking', 'said so', 'document shown', 'seen in person')),
  note text CHECK (length(note) <= 500),
  judged_at timestamptz NOT NULL,
  undone_at timestamptz,
  undone_by bigint,
  CONSTRAINT verified_names_agency_and_basis CHECK (verdict <> 'verified' OR num_nulls(agency, basis) = 0),
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, incident_id) REFERENCES incident,
  FOREIGN KEY (network_id, account_id, lineage) REFERENCES account (network_id, id, lineage)
);
CREATE UNIQUE INDEX one_standing_judgement ON judgement (network_id, incident_id, account_id) WHERE undone_at IS NULL;
SELECT wall_off('judgement');
"""

DOWN = """
DROP TABLE judgement, sighting, cluster, incident, reporter;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
