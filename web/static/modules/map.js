/** The dispatcher's live map: ground, incidents, the queue beside it, all fed by one event stream. */

import { groundMap } from "./basemap.js";
import { Incidents } from "./incidents.js";
import { follow, tell } from "./live.js";
import "./panels.js";
import { queue } from "./queue.js";
import { say } from "./said.js";

const container = /** @type {HTMLElement} */ (document.getElementById("map"));
const map = groundMap(container, { zones: container.dataset.zones === "yes", cells: true });
const incidents = new Incidents(map, container.dataset.icons ?? "", JSON.parse(container.dataset.words ?? "{}"));

const side = queue((id) => {
  incidents.choose(id);
  const feature = incidents.features.get(id);
  // The panel takes room from the map; go there once it has its new size.
  requestAnimationFrame(() => {
    map.resize();
    if (feature) map.easeTo({ center: feature.geometry.coordinates, zoom: Math.max(map.getZoom(), 14.2), duration: incidents.calm ? 0 : 650 });
  });
});
incidents.onChoose = side.open;

/** @param {string} address */
async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function readAll() {
  try {
    const [found, out] = await Promise.all([
      read("/api/incidents?status=unverified&status=corroborated&status=verified&limit=500"),
      container.dataset.zones === "yes" ? read("/api/dispatches?open=true") : { dispatches: [] },
    ]);
    await incidents.ready;
    incidents.fill(found.features, out.dispatches);
  } catch {
    say("The list of incidents could not be read; it is tried again when the connection is back.");
  }
  tell("tandem:incidents");
  tell("tandem:dispatches");
}

follow((fact) => {
  const family = fact.kind.split(".")[0];
  if (fact.feature) {
    incidents.take(fact.feature, fact.kind !== "incident.closed");
    tell("tandem:incidents");
    tell(`tandem:incident-${fact.feature.properties.id}`);
  }
  if (fact.dispatch) {
    incidents.takeDispatch(fact.dispatch);
    tell("tandem:dispatches");
    tell(`tandem:incident-${fact.dispatch.incident}`);
  }
  if (fact.incident) tell(`tandem:incident-${fact.incident}`);
  if (family === "zones" && map.getSource("zones")) map.refreshTiles("zones");
  if (family === "sighting" || family === "incident") refreshCells();
}, readAll);

let cellsTimer = 0;
function refreshCells() {
  clearTimeout(cellsTimer);
  cellsTimer = window.setTimeout(() => { if (map.getSource("cells")) map.refreshTiles("cells"); }, 2500);
}

readAll();
Object.assign(window, { tandem: { map, incidents } });
