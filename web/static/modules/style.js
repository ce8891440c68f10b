/**
 * The base map: our own vector tiles drawn in two calm palettes; letters come from the browser's own fonts.
 * @typedef {"light" | "dark"} Theme
 */

const PALETTES = {
  light: {
    land: "#f3f2ed", island: "#f3f2ed", commercial: "#f0e9e1", industrial: "#e9e8e6", campus: "#efece0", port: "#e6e6e5",
    beach: "#f1e8cd", square: "#ece5da", water: "#bdd5e3", waterEdge: "#a9c6d7", park: "#d5e5c9", wood: "#c5dcbb",
    meadow: "#dfead2", cemetery: "#d8e3d0", building: "#e5e0d7", buildingEdge: "#d5cec2",
    motorway: "#f8dfa9", motorwayEdge: "#d9b673", primary: "#ffffff", primaryEdge: "#cfc9be",
    street: "#ffffff", streetEdge: "#dcd7cd", footpath: "#c3b7a2",
    label: "#4a525b", labelSoft: "#727a83", halo: "#f6f5f1", waterLabel: "#47708c", parkLabel: "#47693d",
    zone: "#5a4d8a", zoneLabel: "#5a4d8a", cell: ["#e9b44c", "#d9822b", "#b3401f"], cellEdge: "#8a4a1a",
  },
  dark: {
    land: "#161c23", island: "#161c23", commercial: "#1a2028", industrial: "#191e24", campus: "#1b2127", port: "#1a1f25",
    beach: "#23241f", square: "#20262d", water: "#0b1a27", waterEdge: "#173043", park: "#172720", wood: "#15251c",
    meadow: "#1a2822", cemetery: "#1a2622", building: "#1f262e", buildingEdge: "#2a323b",
    motorway: "#6d5a34", motorwayEdge: "#0e1318", primary: "#414c58", primaryEdge: "#0e1318",
    street: "#2d3640", streetEdge: "#12171d", footpath: "#3b4037",
    label: "#b4bec8", labelSoft: "#8793a0", halo: "#11161c", waterLabel: "#6f9ab8", parkLabel: "#7fa37c",
    zone: "#a79be0", zoneLabel: "#b9afe8", cell: ["#7a5b1e", "#a8691f", "#d0793a"], cellEdge: "#e0a060",
  },
};

const REGULAR = ["Inter", "Segoe UI", "Helvetica Neue", "Liberation Sans", "Arial"];
const BOLD = ["Segoe UI Semibold", ...REGULAR];
const ITALIC = ["Segoe UI Italic", ...REGULAR];

const BIG = ["motorway", "trunk"];
const MAIN = ["primary", "secondary"];
const WAYS = ["footpath", "footway", "path", "steps", "cycleway", "track", "pedestrian"];

/** Width by zoom: a road of `base` pixels at zoom 14 that doubles with each zoom, as the ground does. */
const width = (/** @type {number} */ base, extra = 0) => [
  "interpolate", ["exponential", 1.7], ["zoom"],
  9, base * 0.18 + extra, 12, base * 0.5 + extra, 14, base + extra, 17, base * 4.2 + extra, 20, base * 16 + extra,
];

const kindIs = (/** @type {string[]} */ kinds) => ["in", ["get", "kind"], ["literal", kinds]];

/** @param {string} id @param {string} layer @param {object} more */
const fill = (id, layer, more) => ({ id, type: "fill", source: "base", "source-layer": layer, ...more });

/** @param {string} id @param {any} filter @param {string} color @param {any} lineWidth @param {object} more */
const road = (id, filter, color, lineWidth, more = {}) => ({
  id, type: "line", source: "base", "source-layer": "street", filter, ...more,
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": color, "line-width": lineWidth, ...(more.paint ?? {}) },
});

/** @param {string} id @param {any} filter @param {any} size @param {string} color @param {string} halo @param {object} layout */
const label = (id, filter, size, color, halo, layout = {}, more = {}) => ({
  id, type: "symbol", source: "base", "source-layer": "place", filter, ...more,
  layout: { "text-field": ["get", "name"], "text-font": REGULAR, "text-size": size, "text-max-width": 8, ...layout },
  paint: { "text-color": color, "text-halo-color": halo, "text-halo-width": 1.4, ...(more.paint ?? {}) },
});

/**
 * Return the style of the base map, with zones and cells where this page may see them.
 * @param {Theme} theme
 * @param {{zones: boolean, cells: boolean}} shown
 */
export function mapStyle(theme, shown) {
  const c = PALETTES[theme];
  const tiles = (/** @type {string} */ name) => ({
    type: "vector", tiles: [`${location.origin}/tiles/${name}/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom: name === "cells" ? 15 : 16,
  });
  const small = ["!", kindIs([...BIG, ...MAIN, ...WAYS])];
  return {
    version: 8,
    sources: {
      base: tiles("base"),
      ...(shown.zones ? { zones: tiles("zones") } : {}),
      ...(shown.cells ? { cells: tiles("cells") } : {}),
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": c.land } },
      fill("sea", "water", { filter: kindIs(["sea"]), paint: { "fill-color": c.water } }),
      fill("landuse", "landuse", {
        paint: {
          "fill-color": ["match", ["get", "kind"], "island", c.island, "commercial", c.commercial, "industrial", c.industrial,
            "campus", c.campus, "port", c.port, "beach", c.beach, "square", c.square, c.land],
        },
      }),
      { id: "shore", type: "line", source: "base", "source-layer": "landuse", filter: kindIs(["island"]),
        paint: { "line-color": c.waterEdge, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 15, 1.6] } },
      fill("park", "park", {
        paint: {
          "fill-color": ["match", ["get", "kind"], "wood", c.wood, "meadow", c.meadow, "cemetery", c.cemetery, c.park],
          "fill-antialias": true,
        },
      }),
      fill("water", "water", { filter: ["!", kindIs(["sea"])], paint: { "fill-color": c.water, "fill-outline-color": c.waterEdge } }),
      ...(shown.cells ? cellLayers(c) : []),
      fill("building", "building", {
        minzoom: 14,
        paint: { "fill-color": c.building, "fill-outline-color": c.buildingEdge,
          "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0, 14.6, 1] },
      }),
      road("footpath", kindIs(WAYS), c.footpath, ["interpolate", ["linear"], ["zoom"], 14, 0.7, 18, 2.4],
        { minzoom: 14, paint: { "line-dasharray": [2, 1.6] } }),
      road("small-edge", small, c.streetEdge, width(2.7, 1.3), { minzoom: 13 }),
      road("main-edge", kindIs(MAIN), c.primaryEdge, width(4.4, 1.5), { minzoom: 10 }),
      road("big-edge", kindIs(BIG), c.motorwayEdge, width(6, 1.7), { minzoom: 8 }),
      road("small", small, c.street, width(2.7), { minzoom: 12 }),
      road("main", kindIs(MAIN), c.primary, width(4.4)),
      road("big", kindIs(BIG), c.motorway, width(6)),
      ...(shown.zones ? zoneLines(c) : []),
      {
        id: "street-name", type: "symbol", source: "base", "source-layer": "street", minzoom: 13.5, filter: ["has", "name"],
        layout: {
          "symbol-placement": "line", "text-field": ["get", "name"], "text-font": REGULAR, "symbol-spacing": 380,
          "text-size": ["interpolate", ["linear"], ["zoom"], 14, 10.5, 18, 13.5], "text-letter-spacing": 0.01,
        },
        paint: { "text-color": c.labelSoft, "text-halo-color": c.halo, "text-halo-width": 1.6 },
      },
      {
        id: "water-name", type: "symbol", source: "base", "source-layer": "water", minzoom: 11, filter: kindIs(["lake", "river"]),
        layout: { "text-field": ["get", "name"], "text-font": ITALIC, "text-size": 12, "text-letter-spacing": 0.06, "text-max-width": 7 },
        paint: { "text-color": c.waterLabel, "text-halo-color": c.water, "text-halo-width": 1.2 },
      },
      label("park-name", kindIs(["park"]), 11, c.parkLabel, c.halo, { "text-font": ITALIC }, { minzoom: 14 }),
      label("place-name", kindIs(["square", "school", "community", "library", "clinic", "market", "station"]), 11, c.labelSoft,
        c.halo, { "text-padding": 8 }, { minzoom: 15 }),
      ...(shown.zones ? zoneNames(c) : [
        label("quarter", kindIs(["quarter", "neighbourhood", "suburb"]), ["interpolate", ["linear"], ["zoom"], 11, 10.5, 15, 14],
          c.labelSoft, c.halo, { "text-transform": "uppercase", "text-letter-spacing": 0.12, "text-font": BOLD, "text-max-width": 7 },
          { minzoom: 11.5, maxzoom: 16 }),
      ]),
      label("city", kindIs(["city", "town"]), ["interpolate", ["linear"], ["zoom"], 8, 14, 11, 20], c.label, c.halo,
        { "text-font": BOLD }, { maxzoom: 11.5 }),
    ],
  };
}

/** @param {typeof PALETTES.light} c */
const cellLayers = (c) => [
  {
    id: "cells", type: "fill", source: "cells", "source-layer": "cells",
    paint: {
      "fill-color": ["interpolate", ["linear"], ["get", "sightings"], 1, c.cell[0], 6, c.cell[1], 24, c.cell[2]],
      "fill-opacity": ["interpolate", ["linear"], ["get", "sightings"], 1, 0.13, 6, 0.22, 24, 0.32],
    },
  },
  {
    id: "cells-edge", type: "line", source: "cells", "source-layer": "cells",
    paint: { "line-color": c.cellEdge, "line-opacity": 0.28, "line-width": 0.8 },
  },
];

/** @param {typeof PALETTES.light} c */
const zoneLines = (c) => [
  {
    id: "zones-edge", type: "line", source: "zones", "source-layer": "zones", layout: { "line-join": "round" },
    paint: { "line-color": c.zone, "line-opacity": 0.55, "line-dasharray": [5, 3],
      "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.8, 15, 1.6] },
  },
];

/** @param {typeof PALETTES.light} c */
const zoneNames = (c) => [
  {
    id: "zones-name", type: "symbol", source: "zones", "source-layer": "zone_names", minzoom: 11.2, maxzoom: 16,
    layout: {
      "text-field": ["get", "name"], "text-font": BOLD, "text-transform": "uppercase", "text-letter-spacing": 0.1,
      "text-max-width": 7, "text-size": ["interpolate", ["linear"], ["zoom"], 11, 10, 15, 13.5],
    },
    paint: { "text-color": c.zoneLabel, "text-halo-color": c.halo, "text-halo-width": 1.5, "text-opacity": 0.9 },
  },
];
