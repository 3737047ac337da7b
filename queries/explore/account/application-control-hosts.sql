-- id: 160c7513
-- title: Hosts with application control events
-- question: On which hosts did the account hit application control?
-- input: account
-- identifiers: Name+UPNSuffix | Sid
-- output: host
-- window: 12h/12h
-- tables: DeviceEvents
-- tactics: Execution

SELECT DeviceName AS Host_UnstructuredName,
       count(*) AS Host_Aux_Events,
       count(DISTINCT FileName) AS Host_Aux_Files,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM DeviceEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType LIKE 'AppControl%'
GROUP BY DeviceName
ORDER BY Host_Aux_Events DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
