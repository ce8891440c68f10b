"""What was said of an incident and to whom, what may be said at all, and what casts doubt on a sighting."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UP = """
-- The zones whose alerts somebody gets; none means all of the network's.
ALTER TABLE account ADD COLUMN zone_ids bigint[] NOT NULL DEFAULT '{}';

-- What may be said of an incident to members is decided here and nowhere else.
ALTER TABLE incident ADD COLUMN floor_met boolean NOT NULL DEFAULT false;
ALTER TABLE incident ADD COLUMN broadcastable boolean NOT NULL GENERATED ALWAYS AS (
    status = 'verified' AND floor_met AND merged_into IS NULL AND activity IS NOT NULL
    AND coalesce(agency, 'unknown') IN ('immigration', 'other_federal')) STORED;
ALTER TABLE incident ADD UNIQUE (network_id, id, agency, broadcastable);

CREATE TABLE statement (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  incident_id bigint NOT NULL,
  template text NOT NULL CHECK (template IN ('alert.verified', 'alert.clear', 'alert.correction')),
  agency text NOT NULL,
  cell bigint NOT NULL,
  seen_at timestamptz NOT NULL,
  zone_ids bigint[] NOT NULL,
  state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'dropped', 'standing', 'corrected', 'over')),
  answers bigint,
  approver1 bigint,
  approver1_lineage bigint,
  approver2 bigint,
  approver2_lineage bigint,
  judged1 boolean NOT NULL DEFAULT false,
  judged2 boolean NOT NULL DEFAULT false,
  proposed_at timestamptz NOT NULL,
  said_at timestamptz,
  ended_at timestamptz,
  valid_until timestamptz,
  live_key boolean GENERATED ALWAYS AS (
    CASE WHEN answers IS NULL AND state IN ('proposed', 'standing') THEN true END) STORED,
  live_agency text GENERATED ALWAYS AS (
    CASE WHEN answers IS NULL AND state IN ('proposed', 'standing') THEN agency END) STORED,
  needs_answer bigint GENERATED ALWAYS AS (CASE WHEN state IN ('corrected', 'over') THEN id END) STORED,
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, answers),
  UNIQUE (network_id, id, zone_ids, cell, seen_at),
  CONSTRAINT local_police_is_never_announced CHECK (agency IN ('immigration', 'other_federal')),
  CONSTRAINT times_are_told_in_five_minutes CHECK (extract(epoch FROM seen_at)::bigint % 300 = 0
                                                   AND seen_at = date_trunc('second', seen_at)),
  CONSTRAINT first_words_or_an_answer CHECK ((template = 'alert.verified') = (answers IS NULL)),
  CONSTRAINT an_answer_is_said_at_once CHECK (answers IS NULL OR state = 'standing'),
  CONSTRAINT what_was_said_has_its_time CHECK ((state IN ('proposed', 'dropped')) = (said_at IS NULL)
                                               AND (said_at IS NULL) = (valid_until IS NULL)),
  CONSTRAINT said_by_two_people_of_two_lineages CHECK (answers IS NOT NULL OR (
    num_nulls(approver1, approver1_lineage) = 0 AND (said_at IS NULL OR (
      num_nulls(approver2, approver2_lineage) = 0
      AND approver1 <> approver2 AND approver1_lineage <> approver2_lineage)))),
  CONSTRAINT one_of_the_two_did_not_judge CHECK (answers IS NOT NULL OR said_at IS NULL OR NOT (judged1 AND judged2)),
  FOREIGN KEY (network_id, incident_id) REFERENCES incident,
  FOREIGN KEY (network_id, approver1, approver1_lineage) REFERENCES account (network_id, id, lineage),
  FOREIGN KEY (network_id, approver2, approver2_lineage) REFERENCES account (network_id, id, lineage),
  CONSTRAINT only_what_is_verified_is_said FOREIGN KEY (network_id, incident_id, live_agency, live_key)
    REFERENCES incident (network_id, id, agency, broadcastable) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT an_answer_goes_to_the_same_people FOREIGN KEY (network_id, answers, zone_ids, cell, seen_at)
    REFERENCES statement (network_id, id, zone_ids, cell, seen_at),
  CONSTRAINT what_was_said_is_set_right FOREIGN KEY (network_id, needs_answer)
    REFERENCES statement (network_id, answers) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX statement_incident ON statement (network_id, incident_id);
CREATE INDEX statement_valid ON statement (network_id, valid_until);
CREATE UNIQUE INDEX one_proposal_at_a_time ON statement (network_id, incident_id) WHERE state = 'proposed';
SELECT wall_off('statement');

-- Who of the two judged is looked up here, so that no statement can claim that somebody did not;
-- what was said stays as it was said, and cannot be unsaid without an answer.
CREATE FUNCTION statement_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF tg_op = 'UPDATE' AND (
      (new.template, new.agency, new.cell, new.seen_at, new.zone_ids, new.answers, new.approver1)
        IS DISTINCT FROM
      (old.template, old.agency, old.cell, old.seen_at, old.zone_ids, old.answers, old.approver1)
      OR (old.said_at IS NOT NULL AND (new.said_at, new.approver2) IS DISTINCT FROM (old.said_at, old.approver2))
      OR (old.state IN ('dropped', 'corrected', 'over') AND new.state <> old.state)) THEN
    RAISE EXCEPTION 'what was said stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'what_was_said_stays';
  END IF;
  IF new.said_at IS NOT NULL AND (tg_op = 'INSERT' OR old.said_at IS NULL) THEN
    new.judged1 := EXISTS (SELECT FROM judgement j WHERE j.network_id = new.network_id
                           AND j.incident_id = new.incident_id AND j.account_id = new.approver1);
    new.judged2 := EXISTS (SELECT FROM judgement j WHERE j.network_id = new.network_id
                           AND j.incident_id = new.incident_id AND j.account_id = new.approver2);
  ELSIF tg_op = 'UPDATE' THEN
    new.judged1 := old.judged1;
    new.judged2 := old.judged2;
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER statement_stands BEFORE INSERT OR UPDATE ON statement
  FOR EACH ROW EXECUTE FUNCTION statement_stands();

-- Who read which statement, by day: only so that a correction reaches them, and cut after a week.
CREATE TABLE statement_seen (
  network_id int NOT NULL REFERENCES network,
  statement_id bigint NOT NULL,
  account_id bigint NOT NULL,
  seen_on date NOT NULL,
  PRIMARY KEY (network_id, statement_id, account_id),
  FOREIGN KEY (network_id, statement_id) REFERENCES statement ON DELETE CASCADE,
  FOREIGN KEY (network_id, account_id) REFERENCES account ON DELETE CASCADE
);
SELECT wall_off('statement_seen');

-- What casts doubt on a sighting: it weighs less, and is never dropped. The tokens are keyed, and mean nothing once the
-- day's key is gone.
ALTER TABLE sighting
  ADD COLUMN flags text[] NOT NULL DEFAULT '{}' CHECK (flags <@ ARRAY['second_hand', 'impossible_travel',
    'far_from_device', 'same_text', 'same_photo']),
  ADD COLUMN note_token bigint,
  ADD COLUMN photo_token bigint;
CREATE INDEX sighting_note ON sighting (network_id, note_token, received_at, id) WHERE note_token IS NOT NULL;
CREATE INDEX sighting_photo ON sighting (network_id, photo_token, received_at, id) WHERE photo_token IS NOT NULL;
CREATE INDEX sighting_reporter ON sighting (network_id, reporter_id, observed_at) WHERE reporter_id IS NOT NULL;

ALTER TABLE statement ALTER network_id SET STATISTICS 0;
ALTER TABLE statement_seen ALTER network_id SET STATISTICS 0;
"""

DOWN = """
DROP INDEX sighting_note, sighting_photo, sighting_reporter;
ALTER TABLE sighting DROP COLUMN flags, DROP COLUMN note_token, DROP COLUMN photo_token;
DROP TABLE statement_seen, statement;
DROP FUNCTION statement_stands();
ALTER TABLE incident DROP COLUMN broadcastable;
ALTER TABLE incident DROP COLUMN floor_met;
ALTER TABLE account DROP COLUMN zone_ids;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
