-- Takes what a yes or a no to an offer needs, in the order in which everybody takes it: the incident first (shared, so
-- that it cannot be judged anew meanwhile), and returns the offer's dispatch. The dispatch and its people are taken
-- after it. Leans on the primary keys.
SELECT d.id
FROM offer o
JOIN dispatch d ON d.network_id = o.network_id AND d.id = o.dispatch_id
JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
WHERE o.network_id = :network_id AND o.id = :offer_id AND o.responder_id = :responder_id
FOR KEY SHARE OF i
