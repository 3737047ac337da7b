MATCH (person:Person)
WHERE person.name STARTS WITH 'Al'
RETURN COUNT(*)