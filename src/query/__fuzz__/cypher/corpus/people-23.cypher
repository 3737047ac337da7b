MATCH p = (a:Person)-[:knows*1..4]->(b:Person)
WHERE all(n IN nodes(p) WHERE n.age > 25) AND none(r IN relationships(p) WHERE r.since = 2023)
RETURN a.name, b.name