"""The htmx fragments inside the pages of the desk: queue, board, alarms, one incident."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.deps import Actor, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from desk import access, alarms, board, corroboration, dispatching, territory, verification
from desk.access import Act
from desk.errors import OneDispatchPerPlace
from desk.escalation import Call, Told
from desk.lifecycle import LIVE_DISPATCH
from desk.unit_of_work import UnitOfWork
from records import ids
from records.enums import Basis, CallEnd, IncidentStatus, Task
from web.alerts import saying
from web.forms import DispatchForm, JudgementForm, OtherForm, SplitForm
from web.templating import render

router = APIRouter(prefix="/panels", include_in_schema=False, route_class=RetryingRoute)

_MOST: Final = 200


# the desk: queue, board, alarms


@router.get("/queue", dependencies=[may(Act.READ_INCIDENTS)])
def queue(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the open incidents: for a dispatcher the verified first, for a verifier those still to be checked."""
    sends = access.may(actor, Act.DISPATCH)
    features = board.queue(uow, sends=sends, limit=_MOST)
    states = {each["incident"]: each["state"] for each in _out(uow, actor)} if sends else {}
    rows = [each["properties"] | {"dispatch_state": states.get(each["id"])} for each in features]
    return render(request, "desk/queue.html", rows=rows, title="Open incidents" if sends else "To verify", now=uow.now)


@router.get("/board", dependencies=[may(Act.READ_DISPATCHES)])
def board_of_dispatches(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show who is asked and who is out, those on hold first."""
    out = [_row(each) for each in _placed(uow, _out(uow, actor))]
    out.sort(key=lambda each: (not each["loud"], each["state"] == "offering", each["made_at"]))
    return render(request, "desk/board.html", dispatches=out)


@router.get("/alarms", dependencies=[may(Act.READ_INCIDENTS)])
def calls(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the open calls: whoever called for help or is silent, until they are heard or somebody ends the call."""
    return _alarms(request, uow, actor)


@router.post("/alarms/{alarm_id}/take", dependencies=[may(Act.DISPATCH)])
def take_alarm(alarm_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Note that this dispatcher sees to a call."""
    alarms.take(uow, actor, read_id(alarm_id))
    return _alarms(request, uow, actor)


@router.post("/alarms/{alarm_id}/end", dependencies=[may(Act.DISPATCH)])
def end_alarm(alarm_id: str, request: Request, uow: Uow, actor: Actor, reason: Annotated[CallEnd, Form()]) -> Response:
    """End a call, with the reason."""
    alarms.end(uow, actor, read_id(alarm_id), reason)
    return _alarms(request, uow, actor)


def _alarms(request: Request, uow: UnitOfWork, actor: access.Actor) -> Response:
    found = alarms.listed(uow) if access.may(actor, Act.READ_DISPATCHES) else []
    where = {
        each["id"]: _zone(each)
        for each in board.incident_features(uow, uow.incidents.many({it.incident_id for it in found}))
    }
    pairs = {it.incident_id: dispatching.nearest_pair(uow, it.incident_id) for it in found if Told.PAIR in it.told}
    rows = [
        {
            "call": each,
            "id": ids.shown(each.id),
            "incident": ids.shown(each.incident_id),
            "where": where.get(ids.shown(each.incident_id), ""),
            "word": _CALLS[each.kind],
            "told": [told.value for told in each.told],
            "pair": pairs.get(each.incident_id),
        }
        for each in found
    ]
    return render(
        request,
        "desk/alarms.html",
        alarms=rows,
        me=actor.alias,
        reasons=[each.value for each in CallEnd if each is not CallEnd.HEARD],
        legal_line=uow.policy.checkins.legal_line,
        now=uow.now,
    )


_CALLS: Final = {Call.HELP: "Help called", Call.DURESS: "Silent alarm", Call.SILENCE: "Not heard of"}


def _out(uow: UnitOfWork, actor: access.Actor) -> list[dict[str, Any]]:
    return dispatching.page(uow, actor, open_only=True, limit=_MOST)


def _placed(uow: UnitOfWork, dispatches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return dispatches with the name of the zone their incident lies in."""
    wanted = {read_id(each["incident"]) for each in dispatches}
    features = {each["id"]: each for each in board.incident_features(uow, uow.incidents.many(wanted))}
    return [each | {"where": _zone(features.get(each["incident"]))} for each in dispatches]


def _zone(feature: dict[str, Any] | None) -> str:
    return (feature["properties"]["zones"] or ["outside all zones"])[0] if feature else ""


def _row(dispatch: dict[str, Any]) -> dict[str, Any]:
    open_offers = [offer["expires_at"] for offer in dispatch["offers"] if offer["state"] == "offered"]
    return dispatch | {
        "progress": wave_progress(dispatch),
        "expires_at": max(open_offers, default=None),
        "loud": dispatch["state"] == "held" or any(_calls(seat) for seat in dispatch["seats"]),
    }


def wave_progress(dispatch: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how the asking goes, for those who may observe and for the others: asked, yes, no, no answer, waiting."""
    found = []
    for observes, seat in ((True, "observer"), (False, "buddy")):
        states = [offer["state"] for offer in dispatch["offers"] if offer["observes"] is observes]
        if states:
            counts = {word: states.count(word) for word in ("accepted", "declined", "expired", "offered")}
            found.append({"seat": seat, "asked": len(states)} | counts)
    return found


def _calls(seat: dict[str, Any]) -> str | None:
    """Return in words what is wrong with one person on a dispatch."""
    if seat["alarm"]:
        return {"help": "Help called", "duress": "Silent alarm"}[seat["alarm"]]
    return "Check-in missed" if seat.get("checkin_missed_at") else None


# the desk: one incident


@router.get("/incidents/{incident_id}", dependencies=[may(Act.READ_INCIDENTS)])
def incident(incident_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Show one incident with its forms."""
    return _incident(request, uow, actor, read_id(incident_id), "desk/incident.html")


@router.get("/incidents/{incident_id}/live", dependencies=[may(Act.READ_INCIDENTS)])
def incident_live(incident_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the part of an incident that changes by itself, so that a half-filled form stays as it is."""
    return _incident(request, uow, actor, read_id(incident_id))


def _incident(  # noqa: PLR0917  (what a panel is drawn from)
    request: Request,
    uow: UnitOfWork,
    actor: access.Actor,
    incident_id: int,
    template: str = "desk/incident_live.html",
    enough: dict[str, Any] | None = None,
) -> Response:
    feature = board.opened(uow, actor, incident_id)
    found = feature["properties"]
    reads = access.may(actor, Act.READ_DISPATCHES)
    dispatches = dispatching.views_for(uow, incident_id) if reads else []
    found["suggestions"] = [
        each | {"minutes": _minutes_to(each["expires_at"], uow.now)} for each in found["suggestions"]
    ]
    found["dispatches_found"] = sorted(dispatches, key=lambda each: each["state"] not in LIVE_DISPATCH)[:6]
    live = [each for each in dispatches if each["state"] in LIVE_DISPATCH]
    cap = uow.policy.pairs.scene_cap
    to_judge = found["status"] in {"unverified", "corroborated"} and not found["merged_into"]
    needed = uow.policy.verification.people_needed
    said = {each["by"] for each in found["judgements"] if each["verdict"] == "verified" and not each["undone_at"]}
    return render(
        request,
        template,
        incident=feature,
        now=uow.now,
        bases=[basis.value for basis in Basis],
        may_dispatch=access.may(actor, Act.DISPATCH),
        **saying(uow, actor, incident_id),
        progress_of=wave_progress,
        enough=enough,
        sources=_sources(found["sightings_found"]["features"]),
        others=_named(uow, found),
        crowded={"count": len(live), "most": cap} if len(live) > cap else None,
        people_needed=needed,
        still_needed=max(0, needed - len(said)) if to_judge else 0,
    )


def _sources(features: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the reports of each source together, those vouched for first, then as they were seen."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(features, key=lambda each: each["properties"]["observed_at"]):
        groups.setdefault(each["properties"]["source"], []).append(each["properties"] | {"id": each["id"]})
    return sorted(groups.values(), key=lambda group: not any(each["vouched"] for each in group))


def _minutes_to(moment: str, now: datetime) -> int:
    """Return whole minutes from `now` to a moment."""
    return int((datetime.fromisoformat(moment) - now).total_seconds() // 60)


def _named(uow: UnitOfWork, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every other incident that is spoken of in one, by its id."""
    wanted = {each["incident"] for each in found["suggestions"]} | {found["merged_into"]} - {None}
    wanted |= {each[side] for each in found["decisions"] for side in ("incident", "other")}
    records = uow.incidents.many({read_id(each) for each in wanted})
    return {each["id"]: each["properties"] for each in board.incident_features(uow, records)}


@router.get("/incidents/{incident_id}/others", dependencies=[may(Act.JUDGE)])
def others(incident_id: str, request: Request, uow: Uow) -> Response:
    """Show the open incidents nearby, to merge one of them with this one."""
    found = board.others(uow, read_id(incident_id))
    return render(request, "desk/others.html", incident=incident_id, others=found)


@router.get("/incidents/{incident_id}/reports", dependencies=[may(Act.JUDGE)])
def reports(incident_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the reports of an incident, to split some off."""
    features = board.sightings_of(uow, actor, read_id(incident_id))
    return render(request, "desk/reports.html", incident=incident_id, sources=_sources(features))


@router.post("/incidents/{incident_id}/merge", dependencies=[may(Act.JUDGE)])
def merge(incident_id: str, request: Request, uow: Uow, actor: Actor, form: Annotated[OtherForm, Form()]) -> Response:
    """Merge another incident into this one; where only the other one is verified, this one into it."""
    here, other = read_id(incident_id), read_id(form.other)
    status = {each.id: each.status for each in uow.incidents.many({here, other})}
    joins = status.get(other) == IncidentStatus.VERIFIED != status.get(here)
    corroboration.merge(uow, actor, *((here, other) if joins else (other, here)))
    return _incident(request, uow, actor, here, "desk/incident.html")


@router.post("/incidents/{incident_id}/split", dependencies=[may(Act.JUDGE)])
def split(incident_id: str, request: Request, uow: Uow, actor: Actor, form: Annotated[SplitForm, Form()]) -> Response:
    """Split the ticked reports off."""
    corroboration.split(uow, actor, read_id(incident_id), {read_id(each) for each in form.sightings})
    return _incident(request, uow, actor, read_id(incident_id), "desk/incident.html")


@router.post("/incidents/{incident_id}/apart", dependencies=[may(Act.JUDGE)])
def keep_apart(
    incident_id: str, request: Request, uow: Uow, actor: Actor, form: Annotated[OtherForm, Form()]
) -> Response:
    """Note that two incidents are not the same."""
    corroboration.keep_apart(uow, actor, read_id(incident_id), read_id(form.other))
    return _incident(request, uow, actor, read_id(incident_id))


@router.post("/incidents/{incident_id}/decisions/{decision_id}/undo", dependencies=[may(Act.JUDGE)])
def undo_decision(incident_id: str, decision_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Take a merge or a split back, and stay at the incident from which that was said."""
    corroboration.undo(uow, actor, read_id(decision_id))
    return _incident(request, uow, actor, read_id(incident_id), "desk/incident.html")


@router.post("/incidents/{incident_id}/judgements", dependencies=[may(Act.JUDGE)])
def judge(
    incident_id: str,
    request: Request,
    uow: Uow,
    actor: Actor,
    form: Annotated[JudgementForm, Form()],
) -> Response:
    """Judge an incident."""
    verification.judge(
        uow, actor, read_id(incident_id), form.verdict, agency=form.agency, basis=form.basis, note=form.note
    )
    return _incident(request, uow, actor, read_id(incident_id))


@router.post("/judgements/{judgement_id}/undo", dependencies=[may(Act.JUDGE)])
def undo(judgement_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Take a judgement back."""
    judgement = verification.undo(uow, actor, read_id(judgement_id))
    return _incident(request, uow, actor, judgement.incident_id)


@router.get("/incidents/{incident_id}/pairs", dependencies=[may(Act.DISPATCH)])
def pairs(incident_id: str, request: Request, uow: Uow, actor: Actor, task: Task | None = None) -> Response:
    """Suggest pairs."""
    found = dispatching.propose(uow, actor, read_id(incident_id), task)
    gap = None if found["places_free"] else _gap_near(uow, read_id(incident_id))
    return render(request, "desk/pairs.html", incident=incident_id, task=found["task"], pairs=found, gap=gap)


def _gap_near(uow: UnitOfWork, incident_id: int) -> dict[str, Any] | None:
    """Return the nearest area without cover, for an incident at which enough people are."""
    return territory.nearest_gap(uow, dispatching.area_of(uow, incident_id))


@router.post("/incidents/{incident_id}/dispatches", dependencies=[may(Act.DISPATCH)])
def send(
    incident_id: str,
    request: Request,
    uow: Uow,
    actor: Actor,
    form: Annotated[DispatchForm, Form()],
) -> Response:
    """Ask the pair that was chosen, or a wave."""
    pair = (read_id(form.observer), read_id(form.buddy)) if form.observer and form.buddy else None
    number = read_id(incident_id)
    try:
        dispatching.send(uow, actor, number, form.task, pair=pair, wave=form.wave)
    except OneDispatchPerPlace:
        return _incident(request, uow, actor, number, enough=_gap_near(uow, number) or {})
    return _incident(request, uow, actor, number)


@router.post("/dispatches/{dispatch_id}/asking", dependencies=[may(Act.DISPATCH)])
def steer(
    dispatch_id: str, request: Request, uow: Uow, actor: Actor, by_hand: Annotated[Literal["yes", "no"], Form()]
) -> Response:
    """Let the asking run, or take it in hand."""
    dispatch = dispatching.steer(uow, actor, read_id(dispatch_id), by_hand=by_hand == "yes")
    return _incident(request, uow, actor, dispatch.incident_id)


@router.get("/dispatches/{dispatch_id}/ruled-out", dependencies=[may(Act.DISPATCH)])
def ruled_out(dispatch_id: str, request: Request, uow: Uow) -> Response:
    """Show how many people cannot be asked, by the rule that keeps them."""
    return render(request, "desk/ruled_out.html", rules=dispatching.ruled_out(uow, read_id(dispatch_id)))


@router.post("/dispatches/{dispatch_id}/cancel", dependencies=[may(Act.DISPATCH)])
def cancel(dispatch_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Call a dispatch off."""
    dispatch = dispatching.cancel(uow, actor, read_id(dispatch_id))
    return _incident(request, uow, actor, dispatch.incident_id)


# the responder's shift
