match p = (n0:Person)-[:DIRECTED]->(m:Movie {Title: 'T1'})
return size(nodes(p)), labels(edges(p)[0]), path_length(p)