/** The responder's page: rings gently, counts down, shares a rough place when asked to; the server says the rest. */

import { now, tick } from "./clock.js";
import { follow, tell } from "./live.js";
import "./panels.js";

const LONG_PRESS_MS = 1200;
const POSITION_MS = 8000;
const bounds = document.querySelector("main")?.dataset.bounds ?? "";

follow(() => tell("tandem:go"), () => tell("tandem:go"));

// a gentle ring, once for each thing that is new
const rung = new Set();
const quietTitle = document.title;
let first = true;
function ring() {
  // A phone in a pocket shows the title of the page on its lock screen, a browser in its tab.
  const asks = /** @type {HTMLElement | null} */ (document.querySelector("[data-ringing]"));
  document.title = asks ? `(1) ${asks.dataset.ringing}` : quietTitle;
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-ring]"))) {
    if (rung.has(each.dataset.ring)) continue;
    rung.add(each.dataset.ring);
    if (!first && "vibrate" in navigator) navigator.vibrate([180, 120, 180]);
  }
  first = false;
}

// the countdown's ring
/** @type {Map<string, number>} */
const whole = new Map();
function turn() {
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-ring-until]"))) {
    const until = each.dataset.ringUntil ?? "";
    const left = Math.max(0, Date.parse(until) - now());
    if (!whole.has(until)) whole.set(until, Math.max(60_000, left));
    const part = (100 * left) / (whole.get(until) ?? 1);
    each.querySelector(".ring-left")?.setAttribute("stroke-dasharray", `${part.toFixed(1)} 100`);
  }
}
setInterval(turn, 500);

// the small map of a pair: the meeting point, and the place once both are there
/** @type {WeakMap<Element, string>} */
const drawn = new WeakMap();
async function drawMaps() {
  if (!document.querySelector("[data-go-map]")) return;
  // Who rests, or is only asked, has no map to wait for.
  const [{ Marker }, { groundMap }] = await Promise.all([import("maplibre-gl"), import("./basemap.js")]);
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-go-map]"))) {
    const told = `${each.dataset.meeting}|${each.dataset.place}`;
    const inner = /** @type {HTMLElement} */ (each.firstElementChild);
    if (drawn.get(inner) === told) continue;
    drawn.set(inner, told);
    inner.replaceChildren();
    inner.dataset.bounds = bounds;
    const map = groundMap(inner, { controls: false });
    const put = (/** @type {string | undefined} */ at, /** @type {string} */ icon) => {
      if (!at) return null;
      const [lon, lat] = at.split(" ").map(Number);
      const image = new Image(34, 34);
      image.src = `${each.dataset.icons}${icon}.svg`;
      image.alt = "";
      new Marker({ element: image }).setLngLat([lon, lat]).addTo(map);
      return /** @type {[number, number]} */ ([lon, lat]);
    };
    const meeting = put(each.dataset.meeting, "meeting");
    const place = put(each.dataset.place, "state-verified");
    if (meeting && place) {
      map.fitBounds([[Math.min(meeting[0], place[0]), Math.min(meeting[1], place[1])], [Math.max(meeting[0], place[0]), Math.max(meeting[1], place[1])]], { padding: 44, maxZoom: 16, animate: false });
    } else if (meeting) {
      map.jumpTo({ center: meeting, zoom: 15.5 });
    }
  }
}

// a rough place, only when the box is ticked; the server keeps a cell of a few blocks and nothing finer
document.addEventListener("change", (event) => {
  const box = event.target instanceof HTMLInputElement && event.target.matches("[data-share]") ? event.target : null;
  const form = box?.form;
  if (!box || !form) return;
  const said = /** @type {HTMLElement} */ (form.querySelector("[data-share-said]"));
  const put = (/** @type {string} */ lon, /** @type {string} */ lat) => {
    /** @type {HTMLInputElement} */ (form.elements.namedItem("lon")).value = lon;
    /** @type {HTMLInputElement} */ (form.elements.namedItem("lat")).value = lat;
  };
  said.dataset.more ??= said.textContent ?? "";
  put("", "");
  if (!box.checked) {
    said.textContent = said.dataset.more;
    return;
  }
  said.textContent = box.dataset.wait ?? "";
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      put(coords.longitude.toFixed(3), coords.latitude.toFixed(3));
      said.textContent = said.dataset.more ?? "";
    },
    () => {
      said.textContent = box.dataset.none ?? "";
    },
    { enableHighAccuracy: false, timeout: POSITION_MS, maximumAge: 120_000 },
  );
});

// a long press on the check-in is a silent call for help; the screen does the same either way
let pressedAt = 0;
document.addEventListener("pointerdown", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-checkin] button")) pressedAt = performance.now();
});
document.addEventListener("submit", (event) => {
  const form = event.target instanceof HTMLFormElement && event.target.matches("[data-checkin]") ? event.target : null;
  if (!form) return;
  const long = pressedAt > 0 && performance.now() - pressedAt >= LONG_PRESS_MS;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("state")).value = long ? "duress" : "ok";
  pressedAt = 0;
}, { capture: true });
document.addEventListener("contextmenu", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-checkin]")) event.preventDefault();
});

function refresh() {
  ring();
  turn();
  drawMaps().catch(console.error);
  tick();
}
document.addEventListener("htmx:after:swap", refresh);
refresh();
