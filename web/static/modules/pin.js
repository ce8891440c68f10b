/**
 * The spotter's page: a place under the pin, a few taps, Send.
 *
 * A report waits on the phone, sealed, until the service said that it is stored; see `waiting.js`.
 */

import { now } from "./clock.js";
import { mender } from "./mending.js";
import { say, sentenceOf } from "./said.js";
import { sender } from "./sending.js";
import * as waiting from "./waiting.js";

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const texts = get("pin-texts").dataset;
const form = /** @type {HTMLFormElement} */ (get("pin-form"));
const send = /** @type {HTMLButtonElement} */ (get("pin-send"));
const HEAR_MS = 120_000;

/** The key of the report that this page sent last. */
let latest = "";
/** @type {{id: string, receipt: string} | null} */
let received = null;

/** Where the phone said it is, until the pin is moved by hand. @type {{lng: number, lat: number, accuracy: number} | null} */
let placed = null;
/** The map under the pin, once it is there: the form comes first. @type {import("maplibre-gl").Map | null} */
let map = null;
let moving = false;

async function drawMap() {
  const { groundMap } = await import("./basemap.js");
  map = groundMap(get("pin-map"), { controls: "bottom-left", padding: 0 });
  map.keyboard.enable();
  get("pin-map").dataset.drawn = "";
  putPin();
  map.on("movestart", () => {
    if (moving) return;
    placed = null;
    get("pin-hint").hidden = true;
  });
}
const begin = () => drawMap().catch(() => say(texts.noMap ?? ""));
if (document.readyState === "complete") begin();
else addEventListener("load", begin, { once: true });

/** Put the map where the phone said it is. */
function putPin() {
  if (!map || !placed) return;
  moving = true;
  map.jumpTo({ center: [placed.lng, placed.lat], zoom: 17 });
  moving = false;
}

get("pin-gps").addEventListener("click", () => {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      placed = { lng: coords.longitude, lat: coords.latitude, accuracy: Math.round(coords.accuracy) };
      putPin();
      get("pin-hint").hidden = true;
    },
    () => say(texts.gpsDenied ?? ""),
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 30_000 },
  );
});

/** How far a finger on a zoom may be off: about 12 pixels on the ground, in metres. @param {import("maplibre-gl").Map} on */
const fingerM = (on) => Math.max(10, Math.round((12 * 78_271.5 * Math.cos((on.getCenter().lat * Math.PI) / 180)) / 2 ** on.getZoom()));

/** The place under the pin; null while there is neither a map nor a word from the phone. */
function place() {
  if (placed) return placed;
  return map ? { ...map.getCenter(), accuracy: fingerM(map) } : null;
}

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

/** @param {{lng: number, lat: number, accuracy: number}} at */
function sighting(at) {
  const said = new FormData(form);
  const word = (/** @type {string} */ name) => String(said.get(name) ?? "").trim() || undefined;
  const vehicle = Object.fromEntries(["type", "make", "model", "color", "plate"].map((part) => [part, word(`vehicle_${part}`)]).filter(([, value]) => value));
  return {
    kind: word("kind"),
    location: { type: "Point", coordinates: [Number(at.lng.toFixed(6)), Number(at.lat.toFixed(6))] },
    accuracy_m: at.accuracy,
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

const mending = mender(form, ({ body, reason }) => {
  const words = (texts.refused ?? "").replace("{reason}", reason);
  get("pin-refused").textContent = words;
  get("pin-refused").hidden = false;
  const [lng, lat] = body.location.coordinates;
  placed = { lng, lat, accuracy: body.accuracy_m };
  putPin();
});

const flush = sender({
  stored(answer, key) {
    // What waited from before must not take the form from somebody who is telling the next thing.
    if (key === latest) show(answer);
    else say(texts.sent ?? "");
  },
  refused(number, report, reason) {
    const isShown = mending.refused({ number, body: report.body, reason }) && !form.hidden;
    if (!isShown) say((texts.refused ?? "").replace("{reason}", reason));
  },
  waits(count, why) {
    busy(false);
    const words = why === "signed out" ? texts.signedOut : waiting.outlives() ? texts.waiting : texts.waitingHere;
    get("pin-wait-words").textContent = (words ?? "").replace("{count}", String(count));
    get("pin-wait").hidden = count === 0;
    get("pin-sign-in").hidden = why !== "signed out";
  },
});

/** @param {boolean} sending */
function busy(sending) {
  send.disabled = sending;
  const words = /** @type {HTMLElement} */ (send.querySelector("span"));
  words.dataset.send ??= words.textContent ?? "";
  words.textContent = sending ? send.dataset.sending ?? "" : words.dataset.send;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const at = place();
  if (!at) return say(texts.noPlace ?? "");
  busy(true);
  latest = newKey();
  const body = sighting(at);
  const mended = mending.taken();
  // When it was seen is not when it was mended, unless another moment was chosen.
  if (mended && form.ago.value === "0") body.observed_at = mended.body.observed_at;
  await waiting.keep({ key: latest, body }, mended && mended.number);
  get("pin-refused").hidden = true;
  // What waits is put away; the next report may be told while this one is on its way.
  form.reset();
  mending.offer();
  flush();
  setTimeout(() => busy(false), 1500);
});

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
    say(texts.later ?? "");
  }
});

get("again").addEventListener("click", () => {
  form.hidden = false;
  get("receipt").hidden = true;
  map?.resize();
});

waiting.prepare().then(flush);
