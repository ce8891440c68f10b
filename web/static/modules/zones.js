/** The organizer's zones: seen on the map, drawn, imported, removed. */

import { groundMap } from "./basemap.js";
import { outline } from "./draw.js";
import { say, sentenceOf } from "./said.js";

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const map = groundMap(get("zones-map"), { zones: true });
const form = /** @type {HTMLFormElement} */ (get("draw-form"));
const keep = /** @type {HTMLButtonElement} */ (get("keep"));
/** @type {object | null} */
let drawn = null;
/** @type {ReturnType<typeof outline> | null} */
let pencil = null;

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");

/** @param {string} address @param {RequestInit} [asked] @returns {Promise<any>} the answer, or null once its sentence was said */
async function ask(address, asked) {
  try {
    const answer = await fetch(address, asked);
    const text = await answer.text();
    if (answer.ok) return text ? JSON.parse(text) : {};
    say(sentenceOf(answer, text));
  } catch {
    say("No connection. Nothing was changed.");
  }
  return null;
}

async function list() {
  const found = await ask("/api/zones");
  if (!found) return;
  const zones = [...found.features].sort((one, other) => one.properties.name.localeCompare(other.properties.name));
  get("zones-count").textContent = String(zones.length);
  get("zones-list").replaceChildren(...zones.map((zone) => {
    const row = document.createElement("div");
    row.className = "zone-row";
    const go = document.createElement("button");
    go.type = "button";
    go.textContent = zone.properties.name;
    go.addEventListener("click", () => map.fitBounds(box(zone.geometry.coordinates), { padding: 60, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches }));
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "quiet danger";
    drop.textContent = "Remove";
    drop.setAttribute("aria-label", `Remove ${zone.properties.name}`);
    drop.addEventListener("click", async () => {
      if (!confirm(`Remove ${zone.properties.name}?`)) return;
      if (await ask(`/api/zones/${zone.id}`, { method: "DELETE" })) changed();
    });
    row.append(go, drop);
    return row;
  }));
}

/** West, south, east, north of nested coordinates. @param {any} coordinates @returns {[number, number, number, number]} */
function box(coordinates) {
  const flat = coordinates.flat(Infinity);
  const lons = flat.filter((_, index) => index % 2 === 0);
  const lats = flat.filter((_, index) => index % 2 === 1);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

function changed() {
  map.refreshTiles("zones");
  list();
}

map.on("load", () => {
  pencil = outline(map, (geometry) => {
    drawn = geometry;
    keep.disabled = !geometry;
    if (geometry) get("draw-said").textContent = "Move the corners until it fits, then keep it.";
  });
});
get("draw").addEventListener("click", () => pencil?.begin());
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = String(new FormData(form).get("name") ?? "").trim();
  if (!drawn || !name) return;
  const kept = await ask("/api/zones", {
    method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() },
    body: JSON.stringify({ type: "Feature", properties: { name }, geometry: drawn }),
  });
  if (!kept) return;
  pencil?.clear();
  form.reset();
  say(`${name} is kept.`);
  changed();
});

const importing = /** @type {HTMLFormElement} */ (get("import-form"));
importing.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = new FormData(importing);
  const file = said.get("file");
  if (!(file instanceof File)) return;
  const named = String(said.get("name_field") ?? "").trim();
  const report = await ask(`/api/zones/import${named ? `?name_field=${encodeURIComponent(named)}` : ""}`, {
    method: "POST", headers: { "Content-Type": "application/octet-stream", "Idempotency-Key": newKey() }, body: file,
  });
  if (!report) return;
  const lines = document.createElement("ul");
  for (const each of [...report.repaired, ...report.refused].slice(0, 60)) {
    const line = document.createElement("li");
    line.textContent = `${each.name || `Feature ${each.index}`}: ${each.reason ?? `repaired, area changed by ${each.area_change_percent} %`}`;
    lines.append(line);
  }
  const first = document.createElement("p");
  first.textContent = `${report.kept} zones kept, ${report.repaired.length} of them repaired, ${report.refused.length} refused.`;
  get("import-said").replaceChildren(first, lines);
  changed();
});

list();
