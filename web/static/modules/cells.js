/** H3 cells as GeoJSON, drawn from nothing but their names. */

import { cellArea, cellToBoundary, cellToLatLng, getResolution } from "h3-js";

/**
 * Return cells as polygons and as the points where their numbers stand, WGS84, coarse cells first so that finer ones
 * lie on top. What is coloured is how close together incidents are, else a large cell would always look worst.
 * @param {{cell: string, incidents: number}[]} groups
 */
export function cellFeatures(groups) {
  const ordered = [...groups].sort((one, other) => getResolution(one.cell) - getResolution(other.cell));
  const said = (/** @type {{cell: string, incidents: number}} */ { cell, incidents }) => ({ cell, incidents, per_km2: incidents / cellArea(cell, "km2") });
  const feature = (/** @type {any} */ properties, /** @type {any} */ geometry) => ({ type: "Feature", properties, geometry });
  return {
    shapes: { type: "FeatureCollection", features: ordered.map((each) => feature(said(each), { type: "Polygon", coordinates: [cellToBoundary(each.cell, true)] })) },
    spots: { type: "FeatureCollection", features: ordered.map((each) => feature(said(each), { type: "Point", coordinates: cellToLatLng(each.cell).reverse() })) },
  };
}
