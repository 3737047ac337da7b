MATCH REPEATABLE ELEMENTS ACYCLIC (a:Person {name: 'Alice'})-[e:knows]->(b), (x)-[:knows]->(y)
RETURN COUNT(*) AS pairs