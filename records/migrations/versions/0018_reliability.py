"""What decided incidents teach about sources, places and hours, what pairs found, and proposals that it is over."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UP = """
-- Counts alone, fading, against what was expected: no way leads from here to a report or an account.
CREATE TABLE reliability (
  network_id int NOT NULL REFERENCES network,
  about text NOT NULL CHECK (about IN ('network', 'lineage', 'cell', 'hours', 'evidence', 'activity', 'score')),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 40),
  real double precision NOT NULL DEFAULT 0,
  unreal double precision NOT NULL DEFAULT 0,
  expected double precision NOT NULL DEFAULT 0,
  counted_on date NOT NULL,
  CONSTRAINT counts_are_never_negative CHECK (real >= 0 AND unreal >= 0 AND expected >= 0),
  PRIMARY KEY (network_id, about, key)
);
CREATE INDEX reliability_counted_on ON reliability (network_id, counted_on);
SELECT wall_off('reliability');

-- What a decided incident was counted as, so that it counts once, and not at all once the decision is undone.
-- It names lineages as the sightings do, and goes when their links to reporters go.
CREATE TABLE reliability_counted (
  network_id int NOT NULL,
  incident_id bigint NOT NULL,
  real boolean NOT NULL,
  abouts text[] NOT NULL,
  keys text[] NOT NULL,
  expecteds double precision[] NOT NULL,
  counted_on date NOT NULL,
  CONSTRAINT each_about_has_its_key CHECK (
    cardinality(abouts) = cardinality(keys) AND cardinality(keys) = cardinality(expecteds)),
  PRIMARY KEY (network_id, incident_id),
  FOREIGN KEY (network_id, incident_id) REFERENCES incident ON DELETE CASCADE
);
CREATE INDEX reliability_counted_day ON reliability_counted (network_id, counted_on);
SELECT wall_off('reliability_counted');

-- What each of two people found on scene, in their own word, said when they cleared.
ALTER TABLE seat
  ADD COLUMN found text CHECK (found IN ('enforcement_seen', 'over_before_arrival', 'local_police', 'something_else',
                                         'nothing_found', 'not_reached', 'drill')),
  ADD COLUMN found_at timestamptz,
  ADD CONSTRAINT what_was_found_has_a_time CHECK ((found IS NULL) = (found_at IS NULL)),
  ADD CONSTRAINT only_who_cleared_says_what_was_found CHECK (found IS NULL OR step = 4);

-- Since when it is proposed that an incident is over; and when what weighs less by now is to be weighed again.
ALTER TABLE incident
  ADD COLUMN clear_proposed_at timestamptz,
  ADD COLUMN weigh_again_at timestamptz;
CREATE INDEX incident_weigh_again ON incident (network_id, weigh_again_at) WHERE weigh_again_at IS NOT NULL;
"""

DOWN = """
DROP INDEX incident_weigh_again;
ALTER TABLE incident DROP COLUMN clear_proposed_at, DROP COLUMN weigh_again_at;
ALTER TABLE seat DROP COLUMN found, DROP COLUMN found_at;
DROP TABLE reliability_counted, reliability;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
