-- title: Devices with this hash
-- question: On which devices was a file with this hash seen?
-- input: filehash
-- identifiers: Algorithm+Value
-- output: host, file
-- window: 7d/7d
-- tables: DeviceFileEvents
-- tactics: Execution, LateralMovement

SELECT DeviceName AS Host_UnstructuredName,
       FolderPath AS File_UnstructuredName,
       count(*) AS Host_Aux_Events,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM DeviceFileEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY DeviceName, FolderPath
ORDER BY Host_Aux_Events DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
