match (p:Person)
where p.Born is not null
return count(*) as `count`