/**
 * The spotter's page: a place under the pin, a few taps, Send.
 *
 * A report that cannot be sent waits in this page and in the tab's own session storage, never longer, and is sent once:
 * every try carries the same key.
 *
 * @typedef {{key: string, body: object}} Waiting
 */

import { groundMap } from "./basemap.js";
import { now } from "./clock.js";
import { say, sentenceOf } from "./said.js";

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const texts = get("pin-texts").dataset;
const form = /** @type {HTMLFormElement} */ (get("pin-form"));
const send = /** @type {HTMLButtonElement} */ (get("pin-send"));
const map = groundMap(get("pin-map"), { controls: "bottom-left", padding: 0 });
map.keyboard.enable();
const KEPT = "tandem.waiting";
const HEAR_MS = 120_000;
const RETRY_MS = 4000;

/** Metres from the phone, while the pin still stands where the phone said. @type {number | null} */
let accuracy = null;
/** @type {{id: string, receipt: string} | null} */
let received = null;
let moving = false;

get("pin-gps").addEventListener("click", () => {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      moving = true;
      accuracy = Math.round(coords.accuracy);
      map.jumpTo({ center: [coords.longitude, coords.latitude], zoom: 17 });
      get("pin-hint").hidden = true;
      moving = false;
    },
    () => say(texts.gpsDenied ?? ""),
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 30_000 },
  );
});
map.on("movestart", () => {
  if (moving) return;
  accuracy = null;
  get("pin-hint").hidden = true;
});

/** How far a finger on this zoom may be off: about 12 pixels on the ground, in metres. */
const fingerM = () => Math.max(10, Math.round((12 * 78_271.5 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** map.getZoom()));

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

function sighting() {
  const said = new FormData(form);
  const word = (/** @type {string} */ name) => String(said.get(name) ?? "").trim() || undefined;
  const { lng, lat } = map.getCenter();
  const vehicle = Object.fromEntries(["type", "make", "model", "color", "plate"].map((part) => [part, word(`vehicle_${part}`)]).filter(([, value]) => value));
  return {
    kind: word("kind"),
    location: { type: "Point", coordinates: [Number(lng.toFixed(6)), Number(lat.toFixed(6))] },
    accuracy_m: accuracy ?? fingerM(),
    observed_at: new Date(now() - Number(said.get("ago")) * 60_000).toISOString(),
    activity: word("activity"),
    size: word("size") ? Number(word("size")) : undefined,
    unit: word("unit"),
    basis: word("basis"),
    vehicles: Object.keys(vehicle).length ? [vehicle] : undefined,
    note: word("note"),
    lang: texts.lang,
  };
}

/** @returns {Waiting | null} */
function waiting() {
  const kept = sessionStorage.getItem(KEPT);
  return kept ? JSON.parse(kept) : null;
}

let trying = false;
async function flush() {
  const report = waiting();
  if (!report || trying) return;
  trying = true;
  busy(true);
  try {
    const answer = await fetch("/api/sightings", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": report.key },
      body: JSON.stringify(report.body),
    });
    if (answer.status === 429 || answer.status >= 500) throw new Error("later");
    sessionStorage.removeItem(KEPT);
    get("pin-wait").hidden = true;
    const text = await answer.text();
    if (answer.status === 401) location.assign("/sign-in?next=/pin");
    else if (!answer.ok) say((texts.refused ?? "").replace("{reason}", sentenceOf(answer, text)));
    else show(JSON.parse(text));
    busy(false);
  } catch {
    get("pin-wait").hidden = false;
    setTimeout(flush, RETRY_MS);
  } finally {
    trying = false;
  }
}

/** @param {boolean} sending */
function busy(sending) {
  send.disabled = sending;
  const words = /** @type {HTMLElement} */ (send.querySelector("span"));
  words.dataset.send ??= words.textContent ?? "";
  words.textContent = sending ? send.dataset.sending ?? "" : words.dataset.send;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (waiting()) return;
  sessionStorage.setItem(KEPT, JSON.stringify({ key: newKey(), body: sighting() }));
  flush();
});
addEventListener("online", flush);

/** @param {{id: string, receipt: string}} answer */
function show(answer) {
  received = answer;
  form.hidden = true;
  get("receipt").hidden = false;
  get("receipt-code").textContent = answer.receipt;
  get("retract").hidden = false;
  get("receipt").focus();
  scrollTo(0, 0);
}

/** Ask now and then what became of the report; only whoever holds its receipt is told. */
async function hear() {
  if (!received || get("receipt").hidden || document.hidden) return;
  try {
    const answer = await fetch(`/api/sightings/${received.id}/status`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ receipt: received.receipt }),
    });
    if (!answer.ok) return;
    const { status } = await answer.json();
    const heard = get("heard");
    const words = heard.getAttribute(`data-${status.replaceAll(" ", "-")}`);
    if (words) heard.textContent = words;
  } catch {
    // Asked again later; nothing was promised.
  }
}
setInterval(hear, HEAR_MS);
document.addEventListener("visibilitychange", hear);

get("retract").addEventListener("click", async () => {
  if (!received) return;
  try {
    const answer = await fetch(`/api/sightings/${received.id}/retract`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ receipt: received.receipt }),
    });
    if (!answer.ok) return say(sentenceOf(answer, await answer.text()));
    say(get("retract").dataset.done ?? "");
    get("retract").hidden = true;
  } catch {
    get("pin-wait").hidden = false;
  }
});

get("again").addEventListener("click", () => {
  form.reset();
  form.hidden = false;
  get("receipt").hidden = true;
  map.resize();
});

flush();
