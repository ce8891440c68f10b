/**
 * The event stream: what happened, told to the page as DOM events; says since when the page is not live.
 *
 * EventSource resumes by itself with the last id it saw, so nothing is missed; `reset` means that the log no longer
 * reaches back that far and the page reads everything afresh. An open connection proves nothing: the page is live while
 * facts or pulses really arrive, and where none does for too long it says so and connects anew from the last id.
 *
 * @typedef {{kind: string, subject: string, version: number, at: string, feature?: any, dispatch?: any, incident?: string}} Fact
 */

import { clockTime, now } from "./clock.js";
import { isLeaving } from "./leaving.js";

const KINDS = [
  "sighting.received", "sighting.retracted",
  "incident.opened", "incident.changed", "incident.corroborated", "incident.merged", "incident.split", "incident.judged",
  "incident.suggested", "incident.found", "incident.outcome", "incident.verified", "incident.unfounded", "incident.closed", "incident.evidence",
  "incident.withdrawn", "incident.quiet", "statement.proposed", "statement.dropped", "statement.said", "statement.corrected", "statement.over",
  "zones.changed", "responder.availability",
  "offer.offered", "offer.accepted", "offer.declined", "offer.expired", "offer.released",
  "dispatch.opened", "dispatch.paired", "dispatch.moved", "dispatch.held", "dispatch.ended",
  "checkin.made", "checkin.late", "checkin.missed", "checkin.lines", "checkin.help", "dispatch.alarm", "responder.gone",
];

/** The service sends a pulse every ten seconds while it reads the log; two that stay out, and half of one's way. */
const SILENCE_MS = 25_000;

/**
 * Follow the stream.
 * @param {(fact: Fact) => void} onFact
 * @param {() => void} onReset everything must be read afresh
 */
export function follow(onFact, onReset) {
  const lamp = document.getElementById("live");
  let lastOn = now();
  /** @type {EventSource} */
  let source;
  let retry = 0;

  const show = (/** @type {boolean} */ on) => {
    if (on) lastOn = now();
    if (!lamp) return;
    const state = on ? "on" : "off";
    if (lamp.dataset.live === state) return;
    lamp.dataset.live = state;
    lamp.textContent = on ? lamp.dataset.saidOn ?? "" : (lamp.dataset.saidOff ?? "").replace("{time}", clockTime(lastOn));
  };

  let lastId = "";
  let heardAt = performance.now();

  const heard = (/** @type {MessageEvent} */ event) => {
    heardAt = performance.now();
    if (event.lastEventId) lastId = event.lastEventId;
    retry = 0;
    show(true);
  };

  const open = () => {
    // A new source does not know the last id of the one before it.
    source = new EventSource(lastId ? `/api/events?after=${encodeURIComponent(lastId)}` : "/api/events");
    heardAt = performance.now();
    source.addEventListener("open", () => {
      if (retry && !lastId) onReset();
    });
    source.addEventListener("error", () => {
      // Whoever signs out has no stream any more; asking for it again would only be refused.
      if (isLeaving()) {
        source.close();
        return;
      }
      show(false);
      // A closed source is one the browser gave up: the session may be over, or a proxy answered with something else.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, Math.min(15_000, 1000 * 2 ** retry++));
    });
    for (const kind of ["here", "pulse"]) source.addEventListener(kind, heard);
    source.addEventListener("reset", onReset);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heard(event);
        onFact(JSON.parse(event.data));
      });
    }
  };
  setInterval(() => {
    // A closed source is opened again by its own timer.
    if (isLeaving() || source.readyState === EventSource.CLOSED || performance.now() - heardAt < SILENCE_MS) return;
    show(false);
    source.close();
    open();
  }, 1000);
  open();
  addEventListener("offline", () => show(false));
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

/** @type {Map<string, number>} */
const waiting = new Map();

/** Tell the panels that something changed; several changes within a moment are one. @param {string} name */
export function tell(name) {
  if (waiting.has(name)) return;
  waiting.set(name, window.setTimeout(() => {
    waiting.delete(name);
    document.body.dispatchEvent(new CustomEvent(name));
  }, 150));
}

const WATCH_MS = 8000;
/** A service that takes the question and does not answer is as good as away. */
const ANSWER_MS = 6000;

/** Say on the page when a part that people's safety stands on does not work; gone by itself when it does again. */
async function watch() {
  const banner = document.getElementById("parts");
  if (!banner) return;
  let sentence = "";
  try {
    const { troubles } = await (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) })).json();
    const words = troubles.worker === banner.dataset.unwatchedMark ? banner.dataset.unwatched : troubles.worker ? banner.dataset.standsIn : banner.dataset.part;
    if (Object.keys(troubles).length) sentence = words ?? "";
  } catch {
    sentence = banner.dataset.away ?? "";
  }
  if (banner.textContent !== sentence) banner.textContent = sentence;
  banner.hidden = !sentence;
}
if (document.getElementById("parts")) {
  watch();
  setInterval(watch, WATCH_MS);
}
