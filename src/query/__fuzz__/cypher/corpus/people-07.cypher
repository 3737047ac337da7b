MATCH (n)-[e]->(n2)
RETURN COUNT(*) as CNT