"""Calls of people out there as rows that outlive their dispatch; when somebody is expected to move on."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# A call ends when the person is heard or a dispatcher says why, never because a dispatch or an incident ended.
UP = """
CREATE TABLE alarm (
  network_id int NOT NULL,
  id bigint NOT NULL,
  dispatch_id bigint NOT NULL,
  responder_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('silence', 'help', 'duress')),
  begun_at timestamptz NOT NULL,
  taken_by bigint,
  taken_at timestamptz,
  ended_at timestamptz,
  ended_by bigint,
  ended_because text CHECK (ended_because IN (
    'heard', 'reached_by_phone', 'reached_in_person', 'mistake', 'handed_on')),
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, dispatch_id) REFERENCES dispatch,
  FOREIGN KEY (network_id, responder_id) REFERENCES responder,
  FOREIGN KEY (network_id, taken_by) REFERENCES account,
  FOREIGN KEY (network_id, ended_by) REFERENCES account,
  CONSTRAINT who_took_it_and_when CHECK ((taken_by IS NULL) = (taken_at IS NULL)),
  CONSTRAINT an_ended_call_says_why CHECK ((ended_at IS NULL) = (ended_because IS NULL)),
  CONSTRAINT only_a_word_or_a_person_ends_a_call CHECK (
    ended_at IS NULL OR (ended_because = 'heard' AND kind <> 'duress') OR ended_by IS NOT NULL)
);
CREATE UNIQUE INDEX one_open_call ON alarm (network_id, responder_id, dispatch_id, kind) WHERE ended_at IS NULL;
CREATE INDEX alarm_dispatch ON alarm (network_id, dispatch_id);
SELECT wall_off('alarm');
CREATE TRIGGER note_roster_change AFTER INSERT OR UPDATE OR DELETE ON alarm
  FOR EACH ROW EXECUTE FUNCTION note_roster_change();

-- Whoever is silent now stays on the board.
INSERT INTO alarm (network_id, id, dispatch_id, responder_id, kind, begun_at)
SELECT DISTINCT ON (network_id, dispatch_id, responder_id) network_id, (random() * (2::numeric ^ 62))::bigint,
       dispatch_id, responder_id, 'silence', checkin_missed_at
FROM seat
WHERE checkin_missed_at > now() - interval '12 hours' AND (active OR left_because = 'lost');

ALTER TABLE seat ADD COLUMN expected_at timestamptz;
UPDATE seat SET expected_at = now() + interval '30 minutes' WHERE active AND step < 2;
CREATE INDEX seat_expected ON seat (network_id, expected_at) WHERE active AND expected_at IS NOT NULL;
"""

DOWN = """
ALTER TABLE seat DROP COLUMN expected_at;
DROP TABLE alarm;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
