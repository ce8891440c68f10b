"""Responders, where they roughly are, and the dispatches that can only exist with two of them."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE responder (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  account_id bigint NOT NULL,
  claim_seq bigint NOT NULL DEFAULT 0,
  languages text[] NOT NULL DEFAULT '{en}',
  mode text NOT NULL DEFAULT 'foot' CHECK (mode IN ('foot', 'bicycle', 'car')),
  base_cell9 bigint,
  zone_ids bigint[] NOT NULL DEFAULT '{}',
  avoids bigint[] NOT NULL DEFAULT '{}',
  no_tasks text[] NOT NULL DEFAULT '{}' CHECK (no_tasks <@ ARRAY['look', 'observe', 'accompany']),
  no_zones bigint[] NOT NULL DEFAULT '{}',
  yes_count real NOT NULL DEFAULT 0,
  no_count real NOT NULL DEFAULT 0,
  cleared_total int NOT NULL DEFAULT 0,
  resting_until timestamptz,
  available_until timestamptz,
  available_since timestamptz,
  rules_read_at timestamptz,
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, account_id),
  FOREIGN KEY (network_id, account_id) REFERENCES account ON DELETE CASCADE
);
CREATE INDEX responder_available ON responder (network_id, available_until);
SELECT wall_off('responder');

CREATE TABLE certificate (
  network_id int NOT NULL,
  responder_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('trained', 'observer')),
  valid_until timestamptz NOT NULL,
  PRIMARY KEY (network_id, responder_id, kind, valid_until),
  FOREIGN KEY (network_id, responder_id) REFERENCES responder ON DELETE CASCADE
);
SELECT wall_off('certificate');

-- Where a responder roughly is now: a cell, never a point; UNLOGGED, so it never reaches the write-ahead log.
CREATE UNLOGGED TABLE position (
  network_id int NOT NULL,
  responder_id bigint NOT NULL,
  cell9 bigint NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (network_id, responder_id)
) WITH (fillfactor = 70);
SELECT wall_off('position');

-- The only lawful moves of a dispatch; desk.lifecycle holds the same table and a test compares them.
CREATE TABLE dispatch_step (prev text, state text, PRIMARY KEY (prev, state));
INSERT INTO dispatch_step VALUES
  ('new', 'offering'), ('offering', 'paired'), ('offering', 'unfilled'), ('offering', 'cancelled'),
  ('paired', 'en_route'), ('en_route', 'staged'), ('staged', 'on_scene'),
  ('staged', 'cleared'), ('on_scene', 'cleared'),
  ('paired', 'held'), ('en_route', 'held'), ('staged', 'held'), ('on_scene', 'held'),
  ('held', 'paired'), ('held', 'cleared'), ('held', 'cancelled'),
  ('paired', 'cancelled'), ('en_route', 'cancelled'), ('staged', 'cancelled'), ('on_scene', 'cancelled');
GRANT SELECT ON dispatch_step TO tandem_app;

CREATE TABLE dispatch (
  network_id int NOT NULL REFERENCES network,
  id bigint NOT NULL,
  incident_id bigint NOT NULL,
  task text NOT NULL CHECK (task IN ('look', 'observe', 'accompany')),
  prev text NOT NULL DEFAULT 'new',
  state text NOT NULL DEFAULT 'offering',
  place smallint NOT NULL CHECK (place BETWEEN 1 AND 9),
  meeting_point geography(Point, 4326) NOT NULL,
  meeting_name text NOT NULL CHECK (length(meeting_name) <= 120),
  reasons jsonb NOT NULL DEFAULT '[]',
  ruled_out jsonb NOT NULL DEFAULT '{}',
  waves smallint NOT NULL DEFAULT 0,
  seats_wanted smallint[] NOT NULL DEFAULT '{1,2}',
  offers_until timestamptz,
  held_until timestamptz,
  made_by bigint,
  made_at timestamptz NOT NULL,
  state_at timestamptz NOT NULL,
  version int NOT NULL DEFAULT 1,
  live_place smallint GENERATED ALWAYS AS (
    CASE WHEN state NOT IN ('cleared', 'cancelled', 'unfilled') THEN place END) STORED,
  needs_verified boolean GENERATED ALWAYS AS (
    CASE WHEN task = 'observe' AND state IN ('offering', 'paired', 'en_route', 'staged', 'on_scene')
         THEN true END) STORED,
  needs_was_verified boolean GENERATED ALWAYS AS (CASE WHEN task = 'accompany' THEN true END) STORED,
  seated boolean NOT NULL GENERATED ALWAYS AS (
    state IN ('paired', 'en_route', 'staged', 'on_scene', 'held')) STORED,
  need1 smallint GENERATED ALWAYS AS (
    CASE WHEN state IN ('paired', 'en_route', 'staged', 'on_scene') THEN 1 END) STORED,
  need2 smallint GENERATED ALWAYS AS (
    CASE WHEN state IN ('paired', 'en_route', 'staged', 'on_scene') THEN 2 END) STORED,
  meet1 smallint GENERATED ALWAYS AS (CASE WHEN state IN ('staged', 'on_scene') THEN 1 END) STORED,
  meet2 smallint GENERATED ALWAYS AS (CASE WHEN state IN ('staged', 'on_scene') THEN 2 END) STORED,
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, id, seated),
  CONSTRAINT one_dispatch_per_place UNIQUE (network_id, incident_id, live_place),
  CONSTRAINT held_has_a_deadline CHECK ((state = 'held') = (held_until IS NOT NULL)),
  CONSTRAINT lawful_step FOREIGN KEY (prev, state) REFERENCES dispatch_step,
  FOREIGN KEY (network_id, incident_id) REFERENCES incident,
  CONSTRAINT observe_needs_a_verified_incident FOREIGN KEY (network_id, incident_id, needs_verified)
    REFERENCES incident (network_id, id, verified) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT accompany_needs_an_incident_that_was_verified FOREIGN KEY (network_id, incident_id, needs_was_verified)
    REFERENCES incident (network_id, id, was_verified) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX dispatch_incident ON dispatch (network_id, incident_id);
CREATE INDEX dispatch_open ON dispatch (network_id, state_at) WHERE state NOT IN ('cleared', 'cancelled', 'unfilled');
SELECT wall_off('dispatch');

-- `prev` is written here and nowhere else, so no statement can claim a move that did not happen;
-- a place that people were asked to meet at never moves.
CREATE FUNCTION dispatch_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
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
CREATE TRIGGER dispatch_moves BEFORE INSERT OR UPDATE ON dispatch FOR EACH ROW EXECUTE FUNCTION dispatch_moves();

CREATE TABLE offer (
  network_id int NOT NULL,
  id bigint NOT NULL,
  dispatch_id bigint NOT NULL,
  responder_id bigint NOT NULL,
  wave smallint NOT NULL CHECK (wave >= 1),
  state text NOT NULL DEFAULT 'offered' CHECK (state IN ('offered', 'accepted', 'declined', 'expired', 'released')),
  eta_s int NOT NULL CHECK (eta_s >= 0),
  reasons jsonb NOT NULL DEFAULT '[]',
  offered_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  answered_at timestamptz,
  settled boolean NOT NULL DEFAULT false,
  accepted boolean GENERATED ALWAYS AS (CASE WHEN state = 'accepted' THEN true END) STORED,
  CONSTRAINT an_offer_ends CHECK (expires_at > offered_at),
  PRIMARY KEY (network_id, id),
  UNIQUE (network_id, dispatch_id, responder_id, accepted),
  FOREIGN KEY (network_id, dispatch_id) REFERENCES dispatch,
  FOREIGN KEY (network_id, responder_id) REFERENCES responder
);
-- A no, and silence, stand for the whole dispatch; whoever was released may be asked again when a partner is lost.
CREATE UNIQUE INDEX asked_once_per_dispatch ON offer (network_id, dispatch_id, responder_id) WHERE state <> 'released';
CREATE UNIQUE INDEX one_live_offer ON offer (network_id, responder_id) WHERE state = 'offered';
CREATE UNIQUE INDEX one_waiting_yes ON offer (network_id, responder_id) WHERE state = 'accepted' AND NOT settled;
CREATE INDEX offer_due ON offer (network_id, expires_at) WHERE state = 'offered';
SELECT wall_off('offer');

CREATE TABLE seat (
  network_id int NOT NULL,
  dispatch_id bigint NOT NULL,
  seat smallint NOT NULL CHECK (seat IN (1, 2)),
  turn smallint NOT NULL DEFAULT 1 CHECK (turn >= 1),
  responder_id bigint NOT NULL,
  cert_until timestamptz NOT NULL,
  cert_kind text GENERATED ALWAYS AS (CASE WHEN seat = 1 THEN 'observer' ELSE 'trained' END) STORED,
  step smallint NOT NULL DEFAULT 0 CHECK (step BETWEEN 0 AND 4),
  during tstzrange NOT NULL CHECK (NOT isempty(during)),
  active boolean NOT NULL DEFAULT true,
  checkin_due_at timestamptz,
  checkin_missed_at timestamptz,
  left_because text CHECK (left_because IN ('cleared', 'withdrew', 'lost', 'cancelled')),
  yes boolean NOT NULL GENERATED ALWAYS AS (true) STORED,
  active_key boolean GENERATED ALWAYS AS (CASE WHEN active THEN true END) STORED,
  live_seat smallint GENERATED ALWAYS AS (CASE WHEN active THEN seat END) STORED,
  met_seat smallint GENERATED ALWAYS AS (CASE WHEN active AND step >= 2 THEN seat END) STORED,
  PRIMARY KEY (network_id, dispatch_id, seat, turn),
  UNIQUE (network_id, dispatch_id, live_seat),
  UNIQUE (network_id, dispatch_id, met_seat),
  CONSTRAINT an_open_seat_has_no_end CHECK (active = upper_inf(during)),
  -- without a finite beginning `training_is_current` would have nothing to compare, and let everybody through
  CONSTRAINT a_seat_has_a_beginning CHECK (NOT lower_inf(during) AND isfinite(lower(during))),
  CONSTRAINT an_ended_seat_says_why CHECK (active = (left_because IS NULL)),
  CONSTRAINT training_is_current CHECK (lower(during) < cert_until),
  CONSTRAINT the_seat_needs_its_certificate FOREIGN KEY (network_id, responder_id, cert_kind, cert_until)
    REFERENCES certificate (network_id, responder_id, kind, valid_until),
  FOREIGN KEY (network_id, dispatch_id) REFERENCES dispatch,
  CONSTRAINT a_seat_needs_a_formed_pair FOREIGN KEY (network_id, dispatch_id, active_key)
    REFERENCES dispatch (network_id, id, seated) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT a_seat_needs_a_yes FOREIGN KEY (network_id, dispatch_id, responder_id, yes)
    REFERENCES offer (network_id, dispatch_id, responder_id, accepted) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT no_double_booking EXCLUDE USING gist (network_id WITH =, responder_id WITH =, during WITH &&)
);
CREATE INDEX seat_responder ON seat (network_id, responder_id);
CREATE INDEX seat_checkin_due ON seat (network_id, checkin_due_at) WHERE active AND checkin_due_at IS NOT NULL;
SELECT wall_off('seat');

-- The circle closes: a dispatch that is on its way must have both seats filled, and both there to be staged.
ALTER TABLE dispatch
  ADD CONSTRAINT nobody_goes_alone_observer FOREIGN KEY (network_id, id, need1)
    REFERENCES seat (network_id, dispatch_id, live_seat) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT nobody_goes_alone_buddy FOREIGN KEY (network_id, id, need2)
    REFERENCES seat (network_id, dispatch_id, live_seat) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT staged_means_both_observer FOREIGN KEY (network_id, id, meet1)
    REFERENCES seat (network_id, dispatch_id, met_seat) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT staged_means_both_buddy FOREIGN KEY (network_id, id, meet2)
    REFERENCES seat (network_id, dispatch_id, met_seat) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE checkin (
  network_id int NOT NULL,
  id bigint NOT NULL,
  dispatch_id bigint NOT NULL,
  responder_id bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('ok', 'help', 'duress')),
  at timestamptz NOT NULL,
  PRIMARY KEY (network_id, id),
  FOREIGN KEY (network_id, dispatch_id) REFERENCES dispatch,
  FOREIGN KEY (network_id, responder_id) REFERENCES responder
);
CREATE INDEX checkin_dispatch ON checkin (network_id, dispatch_id, at);
SELECT wall_off('checkin');
"""

DOWN = """
ALTER TABLE dispatch
  DROP CONSTRAINT nobody_goes_alone_observer, DROP CONSTRAINT nobody_goes_alone_buddy,
  DROP CONSTRAINT staged_means_both_observer, DROP CONSTRAINT staged_means_both_buddy;
DROP TABLE checkin, seat, offer, dispatch, dispatch_step, position, certificate, responder;
DROP FUNCTION dispatch_moves();
"""


def upgrade() -> None:
    """Go up."""
    op.execute(UP)


def downgrade() -> None:
    """Come back down."""
    op.execute(DOWN)
