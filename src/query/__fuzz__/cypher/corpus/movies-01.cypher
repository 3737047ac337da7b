match p = (:Person)-[:ACTED_IN]->(:Movie)
return p[0].Name as name