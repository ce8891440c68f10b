"""Streets and public places of a region; a meeting point may step back once, outward, and both see it."""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE network ADD COLUMN streets_version int NOT NULL DEFAULT 0;

-- A part of a street between two junctions; ways: 0 closed, 1 along the line, 2 against it, 3 both.
CREATE TABLE street (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  name text,
  kind text NOT NULL,
  foot smallint NOT NULL CHECK (foot BETWEEN 0 AND 3),
  bicycle smallint NOT NULL CHECK (bicycle BETWEEN 0 AND 3),
  car smallint NOT NULL CHECK (car BETWEEN 0 AND 3),
  public boolean NOT NULL,
  start_junction bigint NOT NULL,
  end_junction bigint NOT NULL,
  line geometry(LineString, 4326) NOT NULL,
  PRIMARY KEY (network_id, id)
);
SELECT wall_off('street');
ALTER TABLE street ALTER network_id SET STATISTICS 0;

-- Where two people can meet; a crossing is a corner whose words mean several places, for the look-up alone.
CREATE TABLE public_place (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('corner', 'crossing', 'stop', 'park', 'house')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  location geography(Point, 4326) NOT NULL,
  PRIMARY KEY (network_id, id)
);
CREATE INDEX public_place_location ON public_place USING gist (network_id, location);
SELECT wall_off('public_place');
ALTER TABLE public_place ALTER network_id SET STATISTICS 0;

-- Who was there already walks to the new place and is there anew.
INSERT INTO dispatch_step VALUES ('staged', 'en_route');

ALTER TABLE seat
  ADD COLUMN move_seen boolean NOT NULL DEFAULT false,
  ADD COLUMN seen_seat smallint GENERATED ALWAYS AS (CASE WHEN active AND move_seen THEN seat END) STORED,
  ADD CONSTRAINT seat_seen UNIQUE (network_id, dispatch_id, seen_seat);

ALTER TABLE dispatch
  ADD COLUMN meeting_moves smallint NOT NULL DEFAULT 0,
  ADD COLUMN meeting_moved_at timestamptz,
  ADD COLUMN seen1 smallint GENERATED ALWAYS AS (
    CASE WHEN meeting_moves > 0 AND state = 'staged' THEN 1 END) STORED,
  ADD COLUMN seen2 smallint GENERATED ALWAYS AS (
    CASE WHEN meeting_moves > 0 AND state = 'staged' THEN 2 END) STORED,
  ADD CONSTRAINT only_one_step_back CHECK (meeting_moves BETWEEN 0 AND 1),
  ADD CONSTRAINT a_step_back_has_its_time CHECK ((meeting_moves > 0) = (meeting_moved_at IS NOT NULL)),
  ADD CONSTRAINT both_have_seen_the_move_observer FOREIGN KEY (network_id, id, seen1)
    REFERENCES seat (network_id, dispatch_id, seen_seat) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT both_have_seen_the_move_buddy FOREIGN KEY (network_id, id, seen2)
    REFERENCES seat (network_id, dispatch_id, seen_seat) DEFERRABLE INITIALLY DEFERRED;

-- `prev` is written here and nowhere else, so no statement can claim a move that did not happen. A place that people
-- were asked to meet at moves once at the most, farther from its incident, before anybody went on from there.
CREATE OR REPLACE FUNCTION dispatch_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE scene geography; BEGIN
  new.prev := CASE WHEN tg_op = 'INSERT' THEN 'new'
                   WHEN new.state <> old.state THEN old.state
                   ELSE old.prev END;
  IF tg_op = 'INSERT' THEN
    IF new.meeting_moves <> 0 THEN
      RAISE EXCEPTION 'a dispatch begins where it begins'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_dispatch_never_moves';
    END IF;
    RETURN new;
  END IF;
  IF (new.incident_id, new.task) IS DISTINCT FROM (old.incident_id, old.task) THEN
    RAISE EXCEPTION 'a dispatch never moves' USING ERRCODE = 'check_violation', CONSTRAINT = 'a_dispatch_never_moves';
  END IF;
  IF new.meeting_moves <> old.meeting_moves THEN
    SELECT location INTO scene FROM incident WHERE network_id = new.network_id AND id = new.incident_id;
    IF new.meeting_moves <> old.meeting_moves + 1
       OR old.state NOT IN ('offering', 'paired', 'en_route', 'staged', 'held')
       OR new.state NOT IN ('offering', 'paired', 'en_route', 'held') THEN
      RAISE EXCEPTION 'a meeting point steps back once, before people go on from it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'only_one_step_back';
    END IF;
    IF ST_Distance(new.meeting_point, scene) > ST_Distance(old.meeting_point, scene) THEN
    ELSE
      RAISE EXCEPTION 'a meeting point steps back, never closer'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'only_outward';
    END IF;
  ELSIF new.meeting_name IS DISTINCT FROM old.meeting_name
        OR NOT ST_Equals(new.meeting_point::geometry, old.meeting_point::geometry) THEN
    RAISE EXCEPTION 'a dispatch never moves' USING ERRCODE = 'check_violation', CONSTRAINT = 'a_dispatch_never_moves';
  ELSIF old.state = 'staged' AND new.state = 'en_route' THEN
    RAISE EXCEPTION 'nobody walks again unless the meeting point stepped back'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'lawful_step';
  END IF;
  RETURN new;
END $$;
"""

DOWN = """
CREATE OR REPLACE FUNCTION dispatch_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  new.prev := CASE WHEN tg_op = 'INSERT' THEN 'new'
                   WHEN new.state <> old.state THEN old.state
                   ELSE old.prev END;
  IF tg_op = 'UPDATE' AND (new.incident_id, new.task, new.meeting_name) IS DISTINCT FROM
                          (old.incident_id, old.task, old.meeting_name)
     OR tg_op = 'UPDATE' AND NOT ST_Equals(new.meeting_point::geometry, old.meeting_point::geometry) THEN
    RAISE EXCEPTION 'a dispatch never moves' USING ERRCODE = 'check_violation', CONSTRAINT = 'a_dispatch_never_moves';
  END IF;
  RETURN new;
END $$;
ALTER TABLE dispatch
  DROP CONSTRAINT both_have_seen_the_move_observer, DROP CONSTRAINT both_have_seen_the_move_buddy,
  DROP CONSTRAINT only_one_step_back, DROP CONSTRAINT a_step_back_has_its_time,
  DROP COLUMN seen1, DROP COLUMN seen2, DROP COLUMN meeting_moves, DROP COLUMN meeting_moved_at;
ALTER TABLE seat DROP CONSTRAINT seat_seen, DROP COLUMN seen_seat, DROP COLUMN move_seen;
-- Pairs that walked again count as on their way for the first time: the step has no name before this revision.
ALTER TABLE dispatch NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER dispatch_moves;
UPDATE dispatch SET prev = 'paired' WHERE prev = 'staged' AND state = 'en_route';
ALTER TABLE dispatch FORCE ROW LEVEL SECURITY, ENABLE TRIGGER dispatch_moves;
DELETE FROM dispatch_step WHERE (prev, state) = ('staged', 'en_route');
DROP TABLE public_place, street;
ALTER TABLE network DROP COLUMN streets_version;
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
