/**
 * The event stream: what happened, told to the page as DOM events; says since when the page is not live.
 *
 * EventSource resumes by itself with the last id it saw, so nothing is missed; `reset` means that the log no longer
 * reaches back that far and the page reads everything afresh.
 *
 * @typedef {{kind: string, subject: string, version: number, at: string, feature?: any, dispatch?: any, incident?: string}} Fact
 */

import { clockTime, now } from "./clock.js";
import { isLeaving } from "./leaving.js";

const KINDS = [
  "sighting.received", "sighting.retracted",
  "incident.opened", "incident.changed", "incident.corroborated", "incident.merged", "incident.split", "incident.judged",
  "incident.suggested", "incident.verified", "incident.unfounded", "incident.closed", "incident.evidence",
  "incident.withdrawn", "incident.quiet", "statement.proposed", "statement.dropped", "statement.said", "statement.corrected", "statement.over",
  "zones.changed", "responder.availability",
  "offer.offered", "offer.accepted", "offer.declined", "offer.expired", "offer.released",
  "dispatch.opened", "dispatch.paired", "dispatch.moved", "dispatch.held", "dispatch.ended",
  "checkin.made", "checkin.late", "checkin.missed", "checkin.lines", "checkin.help",
];

/** The service sends a pulse at least every 15 s; two that did not come, and nobody can say what happens now. */
const SILENCE_MS = 35_000;

/**
 * Follow the stream. The lamp is on only while events or pulses really arrive.
 * @param {(fact: Fact) => void} onFact
 * @param {() => void} onReset everything must be read afresh
 */
export function follow(onFact, onReset) {
  const lamp = document.getElementById("live");
  let lastOn = now();
  /** @type {EventSource} */
  let source;
  let retry = 0;
  let heardAt = performance.now();

  const heard = () => {
    heardAt = performance.now();
    show(true);
  };
  const show = (/** @type {boolean} */ on) => {
    if (on) lastOn = now();
    if (!lamp) return;
    const state = on ? "on" : "off";
    if (lamp.dataset.live === state) return;
    lamp.dataset.live = state;
    lamp.textContent = on ? lamp.dataset.saidOn ?? "" : (lamp.dataset.saidOff ?? "").replace("{time}", clockTime(lastOn));
  };

  const open = () => {
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      heard();
      if (retry) onReset();
      retry = 0;
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
    source.addEventListener("reset", onReset);
    source.addEventListener("pulse", heard);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heard();
        onFact(JSON.parse(event.data));
      });
    }
  };
  open();
  setInterval(() => {
    if (isLeaving() || source.readyState !== EventSource.OPEN || performance.now() - heardAt < SILENCE_MS) return;
    // The connection stands but nothing comes through it; a new one reads everything afresh.
    show(false);
    source.close();
    heardAt = performance.now();
    retry++;
    open();
  }, 2500);
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
