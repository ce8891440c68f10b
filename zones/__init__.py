"""WHOSE GROUND: polygons, cells, coverage. Pure: same input, same answer; no clock, no database."""
