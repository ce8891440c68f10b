-- Writes the counts of subjects that were taken before; a subject of which nothing is left goes. Leans on the primary
-- key.
WITH told AS (
  SELECT * FROM unnest(CAST(:abouts AS text[]), CAST(:keys AS text[]), CAST(:reals AS float8[]),
                       CAST(:unreals AS float8[]), CAST(:expecteds AS float8[]), CAST(:days AS date[]))
                AS told(about, key, real, unreal, expected, day)
), gone AS (
  DELETE FROM reliability r USING told
  WHERE r.network_id = :network_id AND r.about = told.about AND r.key = told.key AND told.real + told.unreal < 1e-6
)
UPDATE reliability r
SET real = told.real, unreal = told.unreal, expected = told.expected, counted_on = told.day
FROM told
WHERE r.network_id = :network_id AND r.about = told.about AND r.key = told.key AND told.real + told.unreal >= 1e-6
