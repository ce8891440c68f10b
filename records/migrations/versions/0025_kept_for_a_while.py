"""All rows go at their limits: counts and times that stay, people taken out of what ended, holds by counsel."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UP = """
-- What is left of incidents whose rows are gone: whole numbers by hour and coarse cell, by week and res 7 after a year.
-- `hour` and what follows it are null once only the week counts.
CREATE TABLE past_count (
  network_id int NOT NULL REFERENCES network,
  day_on date NOT NULL,
  hour smallint CHECK (hour BETWEEN 0 AND 23),
  cell10 bigint NOT NULL,
  zone_id bigint,
  activity text,
  agency text,
  status text NOT NULL,
  was_verified boolean NOT NULL,
  groups int NOT NULL,
  incidents int NOT NULL CHECK (incidents > 0),
  CONSTRAINT past_count_once UNIQUE NULLS NOT DISTINCT
    (network_id, day_on, hour, cell10, zone_id, activity, agency, status, was_verified, groups)
);
SELECT wall_off('past_count');
ALTER TABLE past_count ALTER network_id SET STATISTICS 0;

-- How long steps took, by day, in tenths of a minute: of which incident or pair is not known.
CREATE TABLE past_time (
  network_id int NOT NULL REFERENCES network,
  step text NOT NULL CHECK (step IN ('verified', 'paired')),
  day_on date NOT NULL,
  tenths_min int NOT NULL,
  times int NOT NULL CHECK (times > 0),
  PRIMARY KEY (network_id, step, day_on, tenths_min)
);
SELECT wall_off('past_time');
ALTER TABLE past_time ALTER network_id SET STATISTICS 0;

-- Counsel stops the forgetting of one incident and all that belongs to it: asked for by one, confirmed by another of
-- another lineage, for thirty days unless renewed. While it holds, a key keeps the incident from going.
CREATE TABLE hold (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  incident_id bigint NOT NULL,
  reason text NOT NULL CHECK (reason IN ('litigation', 'complaint', 'criminal_defence', 'court_order')),
  asked_by bigint NOT NULL,
  asked_lineage bigint NOT NULL,
  asked_at timestamptz NOT NULL,
  confirmed_by bigint,
  confirmed_lineage bigint,
  confirmed_at timestamptz,
  renewed_at timestamptz,
  lapses_at timestamptz NOT NULL,
  lifted_by bigint,
  lifted_at timestamptz,
  holding bigint GENERATED ALWAYS AS (
    CASE WHEN confirmed_at IS NOT NULL AND lifted_at IS NULL THEN incident_id END) STORED,
  PRIMARY KEY (network_id, id),
  CONSTRAINT a_hold_takes_two CHECK (confirmed_at IS NULL OR (
    num_nulls(confirmed_by, confirmed_lineage) = 0
    AND confirmed_by <> asked_by AND confirmed_lineage <> asked_lineage)),
  CONSTRAINT a_hold_lapses CHECK (
    lapses_at <= coalesce(renewed_at, confirmed_at, asked_at) + interval '30 days'),
  FOREIGN KEY (network_id, asked_by, asked_lineage) REFERENCES account (network_id, id, lineage),
  FOREIGN KEY (network_id, confirmed_by, confirmed_lineage) REFERENCES account (network_id, id, lineage),
  FOREIGN KEY (network_id, lifted_by) REFERENCES account,
  CONSTRAINT what_is_held_stays FOREIGN KEY (network_id, holding) REFERENCES incident
);
CREATE UNIQUE INDEX one_hold_at_a_time ON hold (network_id, incident_id) WHERE lifted_at IS NULL;
SELECT wall_off('hold');

-- Every incident that a hold names, those it was merged into, and all that were merged into these.
CREATE VIEW held_incident WITH (security_invoker = true) AS
WITH RECURSIVE up AS (
  SELECT i.network_id, i.id, i.merged_into
  FROM hold h JOIN incident i ON i.network_id = h.network_id AND i.id = h.holding
  UNION
  SELECT i.network_id, i.id, i.merged_into
  FROM up JOIN incident i ON i.network_id = up.network_id AND i.id = up.merged_into
), down AS (
  SELECT network_id, id FROM up
  UNION
  SELECT i.network_id, i.id FROM down JOIN incident i ON i.network_id = down.network_id AND i.merged_into = down.id
)
SELECT network_id, id AS incident_id FROM down;
GRANT SELECT ON held_incident TO tandem_app;

-- Who verified is forgotten with what they judged. Only of what has ended and stands coarse, and never given back: so
-- nothing that stands as verified can do without its two people.
ALTER TABLE incident
  ADD COLUMN people_forgotten boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT verified_means_two_people_of_two_lineages,
  ADD CONSTRAINT verified_means_two_people_of_two_lineages CHECK (NOT was_verified OR people_forgotten OR (
    num_nulls(verifier1, verifier2, verifier1_lineage, verifier2_lineage) = 0
    AND verifier1 <> verifier2 AND verifier1_lineage <> verifier2_lineage)),
  ADD CONSTRAINT only_what_ended_forgets_its_people CHECK (
    NOT people_forgotten OR (ended_at IS NOT NULL AND coarse_since IS NOT NULL));
CREATE FUNCTION people_are_forgotten_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF tg_op = 'INSERT' THEN
    IF new.people_forgotten THEN
      RAISE EXCEPTION 'nothing begins without its people'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'only_what_ended_forgets_its_people';
    END IF;
  ELSIF new.people_forgotten IS DISTINCT FROM old.people_forgotten AND NOT (
      new.people_forgotten AND old.ended_at IS NOT NULL AND old.coarse_since IS NOT NULL
      AND (new.status, new.was_verified) = (old.status, old.was_verified)) THEN
    RAISE EXCEPTION 'people are forgotten once, after the end'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'only_what_ended_forgets_its_people';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER people_are_forgotten_late BEFORE INSERT OR UPDATE OF people_forgotten ON incident
  FOR EACH ROW EXECUTE FUNCTION people_are_forgotten_late();

-- What looks for rows past their limit leans on these.
CREATE INDEX judgement_judged ON judgement (network_id, judged_at);
CREATE INDEX decision_decided ON decision (network_id, decided_at);
CREATE INDEX statement_proposed ON statement (network_id, proposed_at);
CREATE INDEX dispatch_ended ON dispatch (network_id, state_at) WHERE state IN ('cleared', 'cancelled', 'unfilled');
CREATE INDEX offer_offered ON offer (network_id, offered_at);
CREATE INDEX checkin_responder ON checkin (network_id, responder_id);
CREATE INDEX sighting_all ON sighting (network_id, received_at);
CREATE INDEX incident_split ON incident (network_id, split_from) WHERE split_from IS NOT NULL;
CREATE INDEX incident_named ON incident (network_id, last_seen_at) WHERE was_verified AND NOT people_forgotten;
"""

DOWN = """
DROP INDEX incident_named, incident_split, sighting_all, checkin_responder, offer_offered, dispatch_ended,
  statement_proposed, decision_decided, judgement_judged;
DROP TRIGGER people_are_forgotten_late ON incident;
DROP FUNCTION people_are_forgotten_late();
ALTER TABLE incident
  DROP CONSTRAINT only_what_ended_forgets_its_people,
  DROP CONSTRAINT verified_means_two_people_of_two_lineages,
  DROP COLUMN people_forgotten,
  ADD CONSTRAINT verified_means_two_people_of_two_lineages CHECK (NOT was_verified OR (
    num_nulls(verifier1, verifier2, verifier1_lineage, verifier2_lineage) = 0
    AND verifier1 <> verifier2 AND verifier1_lineage <> verifier2_lineage)) NOT VALID;
DROP VIEW held_incident;
DROP TABLE hold, past_time, past_count;
"""


def upgrade() -> None:
    """Add what is new."""
    op.execute(UP)


def downgrade() -> None:
    """Take it out again."""
    op.execute(DOWN)
