MATCH (p:Person)-[:works_at]->(c:Company)
WITH c, count(p) AS people, collect(p.name) AS names
WHERE people > 1
RETURN c.name, people, size(names), any(n IN names WHERE n =~ 'E.*a')