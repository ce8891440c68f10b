"""For every act of a walk through whole lives: what a screen had, plus what the stream told it, equals a fresh look."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from records.enums import Role
from tests.acceptance.test_dispatch_life import numbered_from, seeded_ids, walked
from tests.acceptance.walking import Seen, Walk
from tests.acceptance.watching import Watch
from tests.builders import an_account

__all__ = ["seeded_ids", "walked"]

STEPS = 40
ENDED = {"cleared", "cancelled", "unfilled"}


class Screen:
    """What one person's page holds: read once, then kept by the stream alone."""

    def __init__(self, client, headers, mark, concerns=None):
        self.client, self.headers, self.mark, self.concerns = client, headers, mark, concerns
        self.watch = Watch(client, headers)
        self.taken = self.marks = 0

    def mark_row(self):
        """Return a fact of our own, which stands at the end of the log."""
        self.marks += 1
        return {"kind": self.mark, "subject": self.marks, "responder_id": self.concerns}

    def follow(self):
        """Take in all that was told until our own fact."""
        ours = lambda each: each.kind == self.mark and each.body["subject"] == self.marks  # noqa: E731
        self.watch.wait(lambda: any(ours(each) for each in self.watch.frames[self.taken :]))
        fresh = self.watch.frames[self.taken :]
        self.taken += len(fresh)
        self.take([each for each in fresh if each.kind not in {"here", "pulse", self.mark}])

    def read(self, path):
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Board(Screen):
    """The desk's incidents and open dispatches, by what the frames carry."""

    def begin(self):
        self.incidents, self.dispatches = self.fresh()

    def take(self, frames):
        for frame in frames:
            feature, dispatch = frame.body.get("feature"), frame.body.get("dispatch")
            if feature is not None:
                self.incidents[feature["id"]] = self.shown(feature)
            if dispatch is not None:
                self.dispatches[dispatch["id"]] = dispatch["state"]
        self.dispatches = {key: state for key, state in self.dispatches.items() if state not in ENDED}

    def fresh(self):
        incidents = self.read("/api/incidents?limit=500")["features"]
        dispatches = (
            self.read("/api/dispatches?open=true&limit=100")["dispatches"] if self.mark == "zones.changed" else []
        )
        return {each["id"]: self.shown(each) for each in incidents}, {each["id"]: each["state"] for each in dispatches}

    def shown(self, feature):
        # How many are on their way is said to those who may read dispatches alone as it changes.
        left_out = set() if self.mark == "zones.changed" else {"dispatches"}
        return {key: value for key, value in feature["properties"].items() if key not in left_out}

    def kept(self):
        return self.incidents, self.dispatches


class Own(Screen):
    """A responder's own offers and dispatches: a frame says only that they are to be read again."""

    def begin(self):
        self.mine = self.fresh()

    def take(self, frames):
        if frames:
            self.mine = self.fresh()

    def fresh(self):
        mine = self.read("/api/me/offers")
        return (
            sorted((each["id"], each["state"]) for each in mine["offers"]),
            sorted((each["id"], each["state"], each["my_step"]) for each in mine["dispatches"]),
        )

    def kept(self):
        return self.mine


@pytest.mark.parametrize("seed", [3])
def test_after_every_act_each_screen_shows_what_a_fresh_look_shows(walked, fresh_database_url, seed):
    client, owner = walked
    numbered_from(seed)
    house = client.app.state.house
    walk = Walk(client, house, owner, fresh_database_url, seed, Seen())
    verifier = an_account(house, walk.network_id, [Role.VERIFIER])
    screens = [
        Board(client, walk.desk[0].headers, "zones.changed"),
        Board(client, verifier.headers, "incident.outcome"),
        *(Own(client, each.headers, "checkin.lines", each.responder_id) for each in walk.crew[:4]),
    ]
    with ExitStack() as stack:
        for screen in screens:
            stack.enter_context(screen.watch)
            screen.begin()
        acts, weights = list(walk.acts), list(walk.acts.values())
        for step in range(STEPS):
            act = walk.report if step < 3 else walk.dice.choices(acts, weights)[0]
            act()
            with house.act(walk.network_id) as uow:
                uow.events.append([screen.mark_row() for screen in screens])
            for screen in screens:
                screen.follow()
                assert screen.kept() == screen.fresh(), (type(screen).__name__, screen.mark, step, act.__name__)
