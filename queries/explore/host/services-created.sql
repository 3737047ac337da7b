-- id: 6537a8c3
-- title: Services created on the host
-- question: Which services were installed on the host?
-- input: host
-- identifiers: HostName
-- output: process
-- window: 6h/6h
-- tables: SecurityEvent
-- tactics: Persistence, PrivilegeEscalation

SELECT ServiceFileName AS Process_CommandLine,
       ServiceName AS Process_Aux_ServiceName,
       Computer AS Process_Host_HostName,
       ServiceAccount AS Process_Aux_ServiceAccount,
       count(*) AS Process_Aux_Events,
       min(TimeGenerated) AS Process_Aux_FirstTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4697
GROUP BY ServiceFileName, ServiceName, Computer, ServiceAccount
ORDER BY Process_Aux_FirstTime, Process_CommandLine
LIMIT $limit
