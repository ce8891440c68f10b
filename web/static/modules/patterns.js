/** The analyst's map: counts by cell, none of them small. */

import { Popup } from "maplibre-gl";
import { groundMap } from "./basemap.js";
import { cellFeatures } from "./cells.js";
import "./clock.js";

const container = /** @type {HTMLElement} */ (document.getElementById("patterns-map"));
/** @type {{cell: string, incidents: number}[]} */
const groups = JSON.parse(container.dataset.groups ?? "[]");
const { shapes, spots } = cellFeatures(groups);
const densest = Math.max(0.01, ...shapes.features.map((each) => each.properties.per_km2));
const map = groundMap(container);
map.on("load", () => {
  const share = ["sqrt", ["/", ["get", "per_km2"], densest]];
  map.addSource("counts", { type: "geojson", data: /** @type {any} */ (shapes) });
  map.addSource("counts-spots", { type: "geojson", data: /** @type {any} */ (spots) });
  map.addLayer({ id: "counts", type: "fill", source: "counts", paint: {
    "fill-color": /** @type {any} */ (["interpolate", ["linear"], share, 0, "#f6cf86", 0.5, "#e08a2e", 1, "#a33d15"]),
    "fill-opacity": /** @type {any} */ (["interpolate", ["linear"], share, 0, 0.08, 0.4, 0.3, 1, 0.6]),
  } });
  map.addLayer({ id: "counts-edge", type: "line", source: "counts", paint: { "line-color": "#8a3312", "line-opacity": 0.75, "line-width": 1.2 } });
  map.addLayer({ id: "counts-number", type: "symbol", source: "counts-spots", layout: {
    "text-field": ["to-string", ["get", "incidents"]], "text-size": 19, "text-font": ["Segoe UI Bold", "Liberation Sans", "Arial"], "text-variable-anchor": ["center", "bottom", "top"], "text-radial-offset": 0.9,
  }, paint: { "text-color": "#4a1a06", "text-halo-color": "#fff9f0", "text-halo-width": 2.2 } });
  map.on("click", "counts-number", (event) => {
    const count = event.features?.[0]?.properties.incidents;
    new Popup({ closeButton: false }).setLngLat(event.lngLat).setText(`about ${count} incidents`).addTo(map);
  });
});
