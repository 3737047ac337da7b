MATCH p = shortestPath((a:Person {name: 'Alice'})-[:knows|likes*1..]->(b:Person))
RETURN b.name, length(p), [n IN nodes(p) | n.name]