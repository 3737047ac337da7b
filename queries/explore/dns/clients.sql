-- title: Clients that asked for the name
-- question: Which clients looked the domain name up?
-- input: dns
-- identifiers: DomainName
-- output: ip, host
-- window: 1d/1d
-- tables: DnsEvents
-- tactics: CommandAndControl

SELECT ClientIP AS IP_Address,
       Computer AS IP_Aux_Server,
       count(*) AS IP_Aux_Lookups,
       min(TimeGenerated) AS IP_Aux_FirstTime,
       max(TimeGenerated) AS IP_Aux_LastTime
FROM DnsEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY ClientIP, Computer
ORDER BY IP_Aux_Lookups DESC, IP_Aux_FirstTime, IP_Address
LIMIT $limit
