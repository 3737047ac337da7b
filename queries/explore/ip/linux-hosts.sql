-- id: 41146c58
-- title: Linux hosts that report the address
-- question: Which Linux hosts report the address most?
-- input: ip
-- identifiers: Address
-- output: host
-- window: 6h/6h
-- tables: Syslog
-- tactics: LateralMovement

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Messages,
       array_to_string(array_agg(DISTINCT ProcessName), ', ') AS Host_Aux_Processes,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM Syslog
WHERE TimeGenerated BETWEEN $from AND $to
  AND (array_has_any(_Entities, $entity) OR strpos(SyslogMessage, $value) > 0)
GROUP BY Computer
ORDER BY Host_Aux_Messages DESC, Host_Aux_LastTime, Host_UnstructuredName
LIMIT $limit
