match (n:Person {Name: 'Julia'})
return to_json_string(n) as `Json`