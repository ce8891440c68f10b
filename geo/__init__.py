"""WHERE: points, cells, distances, clusters, streets. Pure: same input, same answer; no clock, no database."""
