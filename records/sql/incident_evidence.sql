-- What an incident rests on: how many lineages that somebody vouched for and that share no source, and whether both
-- people of a look pair that was on scene reported it from there. A report that people split off counts where it was put.
-- Leans on cluster_incident, sighting_cluster and sighting_pinned.
SELECT (SELECT least(count(DISTINCT s.lineage), count(DISTINCT s.source_group))
        FROM cluster c
        JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
             AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
        WHERE c.network_id = i.network_id AND c.incident_id = i.id AND s.vouched) AS lineages,
       EXISTS (SELECT FROM dispatch d
               WHERE d.network_id = i.network_id AND d.incident_id = i.id AND d.task = 'look'
                 AND 2 <= (SELECT count(DISTINCT t.responder_id)
                           FROM seat t
                           JOIN responder p ON p.network_id = t.network_id AND p.id = t.responder_id
                           JOIN reporter r ON r.network_id = p.network_id AND r.account_id = p.account_id
                           JOIN sighting s ON s.network_id = r.network_id AND s.reporter_id = r.id
                                AND s.vouched AND s.retracted_at IS NULL AND s.observed_at >= lower(t.during)
                           JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
                                AND c.incident_id = i.id
                           WHERE t.network_id = d.network_id AND t.dispatch_id = d.id AND t.step >= 3)) AS both_of_a_pair
FROM incident i
WHERE i.network_id = :network_id AND i.id = :incident_id
