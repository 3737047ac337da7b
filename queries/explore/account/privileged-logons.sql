-- title: Privileged logons
-- question: On which hosts did the account get special privileges?
-- input: account
-- identifiers: Name | Sid
-- output: host
-- window: 1d/1d
-- tables: SecurityEvent
-- tactics: PrivilegeEscalation

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Logons,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4672
GROUP BY Computer
ORDER BY Host_Aux_Logons DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
