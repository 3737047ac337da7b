-- id: 07da3cc8
-- title: Parent processes on the host
-- question: Which programs started which on the host?
-- input: host
-- identifiers: HostName
-- output: process
-- window: 10m/10m
-- tables: SecurityEvent
-- tactics: Execution
-- limit: 25

SELECT ParentProcessName AS Process_ImageFile_FullPath,
       Computer AS Process_Host_HostName,
       NewProcessName AS Process_Aux_Child,
       count(*) AS Process_Aux_Starts,
       min(TimeGenerated) AS Process_Aux_FirstTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4688
  AND ParentProcessName <> ''
GROUP BY ParentProcessName, NewProcessName, Computer
ORDER BY Process_Aux_Starts, Process_Aux_FirstTime, Process_ImageFile_FullPath, Process_Aux_Child
LIMIT $limit
