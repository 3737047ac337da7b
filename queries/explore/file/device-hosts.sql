-- title: Devices with this file
-- question: On which devices was the file written or run?
-- input: file
-- identifiers: FileName | FileHash
-- output: host
-- window: 7d/7d
-- tables: DeviceFileEvents
-- tactics: Execution, LateralMovement

SELECT DeviceName AS Host_UnstructuredName,
       count(*) AS Host_Aux_Events,
       array_to_string(array_agg(DISTINCT ActionType), ', ') AS Host_Aux_Actions,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM DeviceFileEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY DeviceName
ORDER BY Host_Aux_Events DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
