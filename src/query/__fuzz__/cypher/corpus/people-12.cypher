MATCH (n)-[]->{0,0}(same_n)
RETURN COUNT(n) AS all, COUNT(DISTINCT same_n) AS same