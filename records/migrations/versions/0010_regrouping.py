"""What people decided about which reports belong together, kept apart from what the machine computes and suggests."""

from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = """
-- A cluster counts for `incident_id`. Once people merged that incident into another, `home_id` keeps the one it came
-- from, so that undoing gives it back; the machine reads and writes `incident_id` alone.
ALTER TABLE cluster
  ADD COLUMN home_id bigint,
  ADD CONSTRAINT cluster_home_fkey FOREIGN KEY (network_id, home_id) REFERENCES incident;
CREATE INDEX cluster_home ON cluster (network_id, home_id) WHERE home_id IS NOT NULL;

-- THE rule of what a sighting counts for: the incident of the cluster that people pinned it to, else of its own.
-- `looks` is the first vehicle's type, make and colour where all three were said.
ALTER TABLE sighting
  ADD COLUMN pinned_id bigint,
  ADD COLUMN retracted_from bigint,
  ADD COLUMN looks text GENERATED ALWAYS AS (
    nullif(nullif(vehicles -> 0 ->> 'type', 'unknown'), 'other') || '|' ||
    nullif(nullif(vehicles -> 0 ->> 'make', 'unknown'), 'other') || '|' ||
    nullif(nullif(vehicles -> 0 ->> 'color', 'unknown'), 'other')) STORED,
  ADD CONSTRAINT sighting_pinned_fkey FOREIGN KEY (network_id, pinned_id) REFERENCES cluster,
  ADD CONSTRAINT sighting_retracted_from_fkey FOREIGN KEY (network_id, retracted_from) REFERENCES incident;
CREATE INDEX sighting_pinned ON sighting (network_id, pinned_id) WHERE pinned_id IS NOT NULL;
CREATE INDEX sighting_retracted_from ON sighting (network_id, retracted_from) WHERE retracted_from IS NOT NULL;
CREATE INDEX sighting_looks ON sighting (network_id, looks, observed_at) WHERE looks IS NOT NULL;
CREATE INDEX sighting_token ON sighting (network_id, plate_token) WHERE plate_token IS NOT NULL;
CREATE INDEX incident_merged ON incident (network_id, merged_into) WHERE merged_into IS NOT NULL;

-- Whoever merges holds the survivor's row too: of two merges in opposite directions one fails, so no circle can close.
CREATE FUNCTION merged_into_has_an_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  up bigint := new.merged_into;
BEGIN
  WHILE up IS NOT NULL LOOP
    IF up = new.id THEN
      RAISE EXCEPTION 'merged in a circle'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_into_has_an_end';
    END IF;
    SELECT merged_into INTO up FROM incident WHERE network_id = new.network_id AND id = up FOR SHARE;
  END LOOP;
  RETURN new;
END $$;
CREATE TRIGGER merged_into_has_an_end BEFORE UPDATE OF merged_into ON incident FOR EACH ROW
  WHEN (new.merged_into IS NOT NULL) EXECUTE FUNCTION merged_into_has_an_end();

-- What a person decided: `incident_id` was merged into `other_id`, `other_id` was split off it, or they are not the
-- same.
CREATE TABLE decision (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('merge', 'split', 'apart')),
  incident_id bigint NOT NULL,
  other_id bigint NOT NULL,
  account_id bigint NOT NULL,
  decided_at timestamptz NOT NULL,
  undone_at timestamptz,
  undone_by bigint,
  CONSTRAINT two_different_incidents CHECK (incident_id <> other_id),
  CONSTRAINT undone_by_somebody_at_some_time CHECK (num_nulls(undone_at, undone_by) IN (0, 2)),
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, incident_id) REFERENCES incident,
  FOREIGN KEY (network_id, other_id) REFERENCES incident,
  FOREIGN KEY (network_id, account_id) REFERENCES account,
  FOREIGN KEY (network_id, undone_by) REFERENCES account
);
CREATE INDEX decision_incident ON decision (network_id, incident_id);
CREATE INDEX decision_other ON decision (network_id, other_id);
CREATE UNIQUE INDEX merged_once ON decision (network_id, incident_id) WHERE kind = 'merge' AND undone_at IS NULL;
CREATE UNIQUE INDEX kept_apart_once ON decision (network_id, least(incident_id, other_id),
  greatest(incident_id, other_id)) WHERE kind = 'apart' AND undone_at IS NULL;
SELECT wall_off('decision');

-- Which sightings a split took along; they stay written down when it is undone.
CREATE TABLE sighting_override (
  network_id int NOT NULL,
  decision_id bigint NOT NULL,
  sighting_id bigint NOT NULL,
  cluster_id bigint NOT NULL,
  PRIMARY KEY (network_id, decision_id, sighting_id),
  FOREIGN KEY (network_id, decision_id) REFERENCES decision,
  FOREIGN KEY (network_id, sighting_id) REFERENCES sighting ON DELETE CASCADE,
  FOREIGN KEY (network_id, cluster_id) REFERENCES cluster
);
CREATE INDEX sighting_override_sighting ON sighting_override (network_id, sighting_id);
SELECT wall_off('sighting_override');

-- What the machine thinks might be one: a pair without order, a kind of reason, an end. Nothing of any vehicle.
CREATE TABLE suggestion (
  network_id int NOT NULL REFERENCES network,
  one_id bigint NOT NULL,
  two_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('plate', 'vehicle')),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT a_pair_has_no_order CHECK (one_id < two_id),
  CONSTRAINT a_suggestion_ends CHECK (expires_at <= made_at + interval '72 hours'),
  PRIMARY KEY (network_id, one_id, two_id),
  FOREIGN KEY (network_id, one_id) REFERENCES incident ON DELETE CASCADE,
  FOREIGN KEY (network_id, two_id) REFERENCES incident ON DELETE CASCADE
);
CREATE INDEX suggestion_two ON suggestion (network_id, two_id);
CREATE INDEX suggestion_expires ON suggestion (network_id, expires_at);
SELECT wall_off('suggestion');
"""

DOWN = """
DROP TABLE suggestion, sighting_override, decision;
DROP TRIGGER merged_into_has_an_end ON incident;
DROP FUNCTION merged_into_has_an_end();
DROP INDEX incident_merged, sighting_token;
-- What people merged counts where the machine had it again; a split falls back into its cluster.
UPDATE cluster SET incident_id = home_id WHERE home_id IS NOT NULL;
ALTER TABLE sighting DROP COLUMN looks, DROP COLUMN retracted_from, DROP COLUMN pinned_id;
ALTER TABLE cluster DROP COLUMN home_id;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
