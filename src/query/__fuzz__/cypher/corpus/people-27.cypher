MATCH (u:Person {name: 'Alice'}) OPTIONAL MATCH (u)-[:knows]->(c1) OPTIONAL MATCH (u)-[:likes]->(c2)
WITH u, COLLECT(c1) + COLLECT(c2) AS tempVar UNWIND tempVar AS comps
RETURN u.name, COUNT(DISTINCT(comps)) ORDER BY COUNT(DISTINCT(comps)) DESC