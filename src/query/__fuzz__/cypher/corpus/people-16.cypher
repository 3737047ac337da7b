MATCH (person:Person)
WHERE person.age >= 28 AND person.age <= 35
RETURN person.name, person.age