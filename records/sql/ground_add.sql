-- One piece of the base map; WKB, EPSG:4326.
INSERT INTO ground (network_id, id, layer, kind, name, min_zoom, shape)
VALUES (:network_id, :id, :layer, :kind, :name, :min_zoom, ST_SetSRID(ST_GeomFromWKB(:shape), 4326))
