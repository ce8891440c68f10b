/** One map of our ground in an element, in the theme of the page. */

import { AttributionControl, Map, NavigationControl, ScaleControl } from "maplibre-gl";
import { isLeaving } from "./leaving.js";
import { mapStyle } from "./style.js";
import { theme } from "./theme.js";

// A page that shows its map late does not name the map's style either; ours stands after it and has the last word.
if (!document.querySelector('link[href$="/maplibre-gl.css"]')) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("../vendor/maplibre-gl.css", import.meta.url).href;
  const there = new Promise((done) => { link.onload = link.onerror = done; });
  document.head.querySelector('link[rel="stylesheet"]')?.before(link);
  await there;
}

/**
 * Draw the ground.
 * @param {HTMLElement} container an element with `data-bounds="west south east north"` (WGS84)
 * @param {{zones?: boolean, cells?: boolean, controls?: boolean | "bottom-left", padding?: number, interactive?: boolean, images?: (map: Map) => void}} wanted
 * @returns {Map}
 */
export function groundMap(container, wanted = {}) {
  const shown = { zones: wanted.zones ?? false, cells: wanted.cells ?? false };
  const [west, south, east, north] = (container.dataset.bounds ?? "-180 -60 180 75").split(" ").map(Number);
  const map = new Map({
    container,
    style: /** @type {any} */ (mapStyle(theme(), shown)),
    bounds: [west, south, east, north],
    fitBoundsOptions: { padding: wanted.padding ?? 24 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 19,
    interactive: wanted.interactive ?? true,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
  });
  map.touchZoomRotate?.disableRotation();
  map.keyboard?.disableRotation();
  if (wanted.controls ?? true) {
    const corner = wanted.controls === "bottom-left" ? "bottom-left" : "bottom-right";
    map.addControl(new NavigationControl({ showCompass: false }), corner);
  }
  if (wanted.controls === undefined) {
    map.addControl(new ScaleControl({ unit: navigator.language === "en-US" ? "imperial" : "metric" }), "bottom-left");
  }
  if (container.dataset.attribution) {
    map.addControl(new AttributionControl({ compact: true, customAttribution: container.dataset.attribution }));
  }
  document.addEventListener("tandem:theme", () => restyle(map, shown));
  map.on("error", ({ error }) => refused(/** @type {Error & {status?: number}} */ (error)));
  return map;
}

/** A tile that did not come: after the session ended the door is the place to be; while leaving it does not matter. */
function refused(/** @type {Error & {status?: number}} */ error) {
  if (isLeaving()) return;
  if (error.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  else console.error(error);
}

/** The ground in the other palette; what a page laid on top stays. */
function restyle(/** @type {Map} */ map, /** @type {{zones: boolean, cells: boolean}} */ shown) {
  map.setStyle(/** @type {any} */ (mapStyle(theme(), shown)), {
    transformStyle: (before, after) => {
      const ours = new Set(Object.keys(after.sources));
      const laid = (before?.layers ?? []).filter((layer) => "source" in layer && !ours.has(String(layer.source)));
      const sources = Object.fromEntries(Object.entries(before?.sources ?? {}).filter(([name]) => !ours.has(name)));
      return { ...after, sources: { ...after.sources, ...sources }, layers: [...after.layers, ...laid] };
    },
  });
}
