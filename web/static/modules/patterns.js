/** The analyst's map: counts by cell, none of them small. */

import { Popup } from "maplibre-gl";
import { groundMap } from "./basemap.js";
import { cellFeatures } from "./cells.js";
import "./clock.js";

const container = /** @type {HTMLElement} */ (document.getElementById("patterns-map"));
/** @type {{cell: string, incidents: number}[]} */
const groups = JSON.parse(container.dataset.groups ?? "[]");
const most = Math.max(1, ...groups.map((group) => group.incidents));
const map = groundMap(container);
map.on("load", () => {
  map.addSource("counts", { type: "geojson", data: /** @type {any} */ (cellFeatures(groups)) });
  map.addLayer({ id: "counts", type: "fill", source: "counts", paint: {
    "fill-color": ["interpolate", ["linear"], ["get", "incidents"], 0, "#fbe3b0", most / 2, "#e08a2e", most, "#7d2a12"],
    "fill-opacity": 0.62,
  } });
  map.addLayer({ id: "counts-edge", type: "line", source: "counts", paint: { "line-color": "#7d2a12", "line-opacity": 0.7, "line-width": 1 } });
  map.addLayer({ id: "counts-number", type: "symbol", source: "counts", layout: {
    "text-field": ["to-string", ["get", "incidents"]], "text-size": 14, "text-font": ["Segoe UI Semibold", "Liberation Sans", "Arial"],
  }, paint: { "text-color": "#2b0f05", "text-halo-color": "#fff8", "text-halo-width": 1.4 } });
  map.on("click", "counts", (event) => {
    const count = event.features?.[0]?.properties.incidents;
    new Popup({ closeButton: false }).setLngLat(event.lngLat).setText(`${count} incidents`).addTo(map);
  });
});
