-- The shape and centre of one H3 cell, EPSG:4326; another process may have kept it a moment ago.
INSERT INTO cell_shape (cell, boundary, centre)
VALUES (:cell, ST_SetSRID(ST_GeomFromWKB(:boundary), 4326), ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))
ON CONFLICT DO NOTHING
