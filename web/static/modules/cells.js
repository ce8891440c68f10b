/** H3 cells as GeoJSON, drawn from nothing but their names. */

import { cellToBoundary } from "h3-js";

/**
 * Return cells with their counts as features, WGS84, coarse cells first so that finer ones lie on top.
 * @param {{cell: string, incidents: number}[]} groups
 */
export function cellFeatures(groups) {
  const ordered = [...groups].sort((one, other) => one.cell.localeCompare(other.cell));
  return {
    type: "FeatureCollection",
    features: ordered.map(({ cell, incidents }) => ({
      type: "Feature",
      properties: { cell, incidents },
      geometry: { type: "Polygon", coordinates: [cellToBoundary(cell, true)] },
    })),
  };
}
