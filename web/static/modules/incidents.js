/**
 * Incidents on the map: symbols whose shape and word carry the state, meeting points of live dispatches, a gentle pulse
 * where something is new.
 */

import { GeoJSONSource } from "maplibre-gl";
import { theme } from "./theme.js";

const FONT = ["Segoe UI Semibold", "Inter", "Segoe UI", "Helvetica Neue", "Liberation Sans", "Arial"];
const LIVE = new Set(["offering", "paired", "en_route", "staged", "on_scene", "held"]);
const OPEN = new Set(["unverified", "corroborated", "verified"]);
const PULSE_MS = 5000;
const SHOWN_AFTER_END_MS = 180_000;
const INK = { light: ["#17212b", "#ffffff", "#154a9c"], dark: ["#f2f5f8", "#0d1217", "#a9cbff"] };
const NONE = { type: "FeatureCollection", features: [] };

export class Incidents {
  /** @param {import("maplibre-gl").Map} map @param {string} icons address of the symbols
   *  @param {Record<string, string>} words what the codes of states and activities are called */
  constructor(map, icons, words) {
    this.map = map;
    this.words = words;
    this.icons = icons;
    /** @type {Map<string, any>} */
    this.features = new Map();
    /** @type {Map<string, any>} */
    this.dispatches = new Map();
    /** @type {Map<string, number>} */
    this.pulses = new Map();
    this.selected = "";
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.ready = map.loaded() ? this.lay() : new Promise((resolve) => map.once("load", () => resolve(this.lay())));
  }

  async lay() {
    const { map } = this;
    const names = ["state-unverified", "state-corroborated", "state-verified", "state-unfounded", "state-closed", "meeting", "pair", "held"];
    await Promise.all(names.map(async (name) => {
      const image = new Image();
      image.src = `${this.icons}${name}.svg`;
      await image.decode();
      const canvas = document.createElement("canvas");
      const scale = 2;
      canvas.width = image.width * scale;
      canvas.height = image.height * scale;
      const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      brush.drawImage(image, 0, 0, canvas.width, canvas.height);
      const pixels = brush.getImageData(0, 0, canvas.width, canvas.height);
      if (!map.hasImage(name)) map.addImage(name, pixels, { pixelRatio: scale });
    }));
    for (const name of ["pulse", "ways", "incidents", "meetings"]) map.addSource(name, { type: "geojson", data: NONE });
    const ends = ["in", ["get", "status"], ["literal", ["unfounded", "closed"]]];
    map.addLayer({ id: "pulse", type: "circle", source: "pulse", paint: {
      "circle-radius": ["+", 16, ["*", 26, ["get", "t"]]], "circle-color": "#f4a924", "circle-opacity": ["*", 0.34, ["-", 1, ["get", "t"]]],
      "circle-stroke-width": 2, "circle-stroke-color": "#e08a00", "circle-stroke-opacity": ["*", 0.8, ["-", 1, ["get", "t"]]],
    } });
    map.addLayer({ id: "ways", type: "line", source: "ways", layout: { "line-cap": "round" }, paint: {
      "line-color": ["case", ["==", ["get", "state"], "held"], "#c2410c", "#1c5cc0"], "line-width": 3, "line-dasharray": [0.4, 1.8],
    } });
    map.addLayer({ id: "chosen", type: "circle", source: "incidents", filter: ["==", ["get", "id"], ""], paint: {
      "circle-radius": 26, "circle-color": "#1c5cc0", "circle-opacity": 0.16, "circle-stroke-width": 3, "circle-stroke-color": "#1c5cc0",
    } });
    map.addLayer({ id: "incidents", type: "symbol", source: "incidents", layout: {
      "icon-image": ["concat", "state-", ["get", "status"]], "icon-allow-overlap": true, "icon-ignore-placement": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.5, 13, 0.74, 16, 0.95],
      "symbol-sort-key": ["match", ["get", "status"], "verified", 3, "corroborated", 2, "unverified", 1, 0],
      "text-field": ["step", ["zoom"], "", 13, ["get", "word"], 14, ["get", "words"]],
      "text-font": FONT, "text-size": 12, "text-offset": [0, 1.75], "text-anchor": "top", "text-optional": true, "text-max-width": 9,
    }, paint: {
      "icon-opacity": ["case", ends, 0.6, 1], "text-halo-width": 1.8,
      "text-opacity": ["case", ends, 0.6, 1],
    } });
    map.addLayer({ id: "paired", type: "symbol", source: "incidents", filter: ["has", "sent"], layout: {
      "icon-image": ["case", ["==", ["get", "sent"], "held"], "held", "pair"], "icon-allow-overlap": true, "icon-ignore-placement": true,
      "icon-offset": [18, -16], "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.55, 14, 0.8],
    } });
    map.addLayer({ id: "meetings", type: "symbol", source: "meetings", minzoom: 11.5, layout: {
      "icon-image": "meeting", "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 15, 0.66], "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", 14, ["get", "name"]], "text-font": FONT, "text-size": 11.5, "text-offset": [0, 1.3],
      "text-anchor": "top", "text-optional": true,
    }, paint: { "text-halo-width": 1.8 } });
    this.ink();
    document.addEventListener("tandem:theme", () => this.ink());
    this.draw();
    map.on("click", "incidents", (event) => this.onChoose?.(String(event.features?.[0]?.properties.id)));
    map.on("mouseenter", "incidents", () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", "incidents", () => { map.getCanvas().style.cursor = ""; });
  }

  /** Letters that read on the ground of the page's theme. */
  ink() {
    const [ink, halo, blue] = INK[theme()];
    const way = theme() === "dark" ? "#7db1ff" : "#1c5cc0";
    this.map.setPaintProperty("ways", "line-color", ["case", ["==", ["get", "state"], "held"], "#e0622a", way]);
    for (const [layer, color] of [["incidents", ink], ["meetings", blue]]) {
      this.map.setPaintProperty(layer, "text-color", color);
      this.map.setPaintProperty(layer, "text-halo-color", halo);
    }
  }

  /** @type {((id: string) => void) | undefined} */
  onChoose;

  /** Take what the list answered, all at once. @param {any[]} features @param {any[]} dispatches */
  fill(features, dispatches) {
    this.features = new Map(features.map((feature) => [feature.properties.id, feature]));
    this.dispatches = new Map(dispatches.map((each) => [each.id, each]));
    this.draw();
  }

  /** Take one incident as the stream told it; the higher version wins. @param {any} feature @param {boolean} news */
  take(feature, news) {
    const before = this.features.get(feature.properties.id);
    if (before && before.properties.version > feature.properties.version) return;
    if (feature.properties.merged_into) this.features.delete(feature.properties.id);
    else this.features.set(feature.properties.id, feature);
    if (!OPEN.has(feature.properties.status)) setTimeout(() => this.fade(feature.properties.id), SHOWN_AFTER_END_MS);
    if (news && OPEN.has(feature.properties.status)) this.pulse(feature.properties.id);
    this.draw();
  }

  /** What has ended leaves the map after a while, unless it was opened again. @param {string} id */
  fade(id) {
    const status = this.features.get(id)?.properties.status;
    if (status && !OPEN.has(status) && this.selected !== id) {
      this.features.delete(id);
      this.draw();
    }
  }

  /** @param {any} dispatch */
  takeDispatch(dispatch) {
    if (LIVE.has(dispatch.state)) this.dispatches.set(dispatch.id, dispatch);
    else this.dispatches.delete(dispatch.id);
    this.draw();
  }

  /** @param {string} id */
  choose(id) {
    this.selected = id;
    if (this.map.getLayer("chosen")) this.map.setFilter("chosen", ["==", ["get", "id"], id]);
  }

  /** @param {string} id */
  pulse(id) {
    const idle = this.pulses.size === 0;
    this.pulses.set(id, performance.now());
    if (idle) requestAnimationFrame(() => this.beat());
  }

  beat() {
    const at = performance.now();
    /** @type {any[]} */
    const rings = [];
    for (const [id, since] of this.pulses) {
      const feature = this.features.get(id);
      if (!feature || at - since > PULSE_MS) this.pulses.delete(id);
      else rings.push({ type: "Feature", geometry: feature.geometry, properties: { t: this.calm ? 0.3 : ((at - since) % 1700) / 1700 } });
    }
    this.set("pulse", rings);
    if (this.pulses.size) this.calm ? setTimeout(() => this.beat(), 500) : requestAnimationFrame(() => this.beat());
  }

  draw() {
    /** @type {Map<string, string>} */
    const sent = new Map();
    /** @type {any[]} */
    const ways = [];
    /** @type {any[]} */
    const meetings = [];
    for (const dispatch of this.dispatches.values()) {
      sent.set(dispatch.incident, dispatch.state);
      const from = dispatch.meeting_point?.geometry;
      const to = this.features.get(dispatch.incident)?.geometry ?? dispatch.place;
      if (!from) continue;
      meetings.push({ type: "Feature", geometry: from, properties: { name: dispatch.meeting_point.name } });
      if (to) ways.push({ type: "Feature", properties: { state: dispatch.state }, geometry: { type: "LineString", coordinates: [from.coordinates, to.coordinates] } });
    }
    const shown = [...this.features.values()].map((feature) => {
      const p = feature.properties;
      const state = this.words[p.status] ?? p.status;
      const word = state.charAt(0).toUpperCase() + state.slice(1);
      const words = p.activity ? `${word}\n${this.words[p.activity] ?? p.activity}` : word;
      const out = sent.get(p.id);
      return { type: "Feature", id: undefined, geometry: feature.geometry, properties: { id: p.id, status: p.status, word, words, ...(out ? { sent: out } : {}) } };
    });
    this.set("incidents", shown);
    this.set("ways", ways);
    this.set("meetings", meetings);
  }

  /** @param {string} name @param {any[]} features */
  set(name, features) {
    const source = this.map.getSource(name);
    if (source instanceof GeoJSONSource) source.setData({ type: "FeatureCollection", features });
  }
}
