MATCH (user:User)-[]->{1,3}(critical:System)
WHERE critical.criticality = 'Critical'
RETURN user.name AS AttackOrigin, critical.name AS CriticalTarget, COUNT(*) AS PathCount