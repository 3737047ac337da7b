MATCH (p:Person)
RETURN p.name AS name, COUNT { (p)-->(:Person) } AS people
ORDER BY name