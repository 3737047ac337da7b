-- id: 8a697f4c
-- title: Successful logons
-- question: Where did the account log on?
-- input: account
-- identifiers: Name
-- output: host
-- window: 1h/1h
-- tables: SecurityEvent
-- tactics: LateralMovement

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Logons,
       array_to_string(array_agg(DISTINCT LogonType), ', ') AS Host_Aux_LogonTypes,
       array_to_string(array_agg(DISTINCT IpAddress), ', ') AS Host_Aux_Addresses,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4624
GROUP BY Computer
ORDER BY Host_Aux_Logons DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
