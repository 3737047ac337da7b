match p = (n1)-[e {Role: "Role2"}]->{1,2}(n2)
where path_length(p) = 1
return p[0].Name as name, p[2].Title as title