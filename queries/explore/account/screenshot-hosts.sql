-- id: 81d63625
-- title: Hosts with screenshots
-- question: On which hosts were screenshots taken by the account?
-- input: account
-- identifiers: Name+UPNSuffix | Sid
-- output: host
-- window: 24h/24h
-- tables: DeviceEvents
-- tactics: Execution, Collection

SELECT DeviceName AS Host_UnstructuredName,
       count(*) AS Host_Aux_Events,
       count(DISTINCT FileName) AS Host_Aux_Files,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM DeviceEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType = 'ScreenshotTaken'
GROUP BY DeviceName
ORDER BY Host_Aux_Events DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
