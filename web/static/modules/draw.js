/** Drawing one polygon on a map, with terra-draw. */

import { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";

/**
 * Let a person draw one outline at a time; its corners may be moved afterwards.
 * @param {import("maplibre-gl").Map} map loaded
 * @param {(geometry: object | null) => void} onOutline the outline so far, WGS84, or null
 */
export function outline(map, onOutline) {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 7 }),
    modes: [
      new TerraDrawPolygonMode({ styles: { fillColor: "#5a4d8a", outlineColor: "#5a4d8a", fillOpacity: 0.2, outlineWidth: 3 } }),
      new TerraDrawSelectMode({ flags: { polygon: { feature: { coordinates: { midpoints: true, draggable: true, deletable: true } } } } }),
    ],
  });
  draw.start();
  const tell = () => {
    const found = draw.getSnapshot().find((each) => each.geometry.type === "Polygon" && each.properties.mode === "polygon");
    onOutline(found ? found.geometry : null);
  };
  draw.on("finish", (id) => {
    draw.setMode("select");
    draw.selectFeature(id);
    tell();
  });
  return {
    begin() {
      draw.clear();
      draw.setMode("polygon");
      onOutline(null);
    },
    clear() {
      draw.clear();
      draw.setMode("static");
      onOutline(null);
    },
  };
}
