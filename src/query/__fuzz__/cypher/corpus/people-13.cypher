MATCH (person:Person)
RETURN MIN(person.age) AS Youngest, MAX(person.age) AS Oldest