-- id: d3393571
-- title: Processes on the host
-- question: Which processes started on the host?
-- input: host
-- identifiers: HostName
-- output: process
-- window: 10m/10m
-- tables: SecurityEvent
-- tactics: Execution
-- limit: 50

SELECT NewProcessId AS Process_ProcessId,
       TimeGenerated AS Process_CreationTimeUtc,
       CommandLine AS Process_CommandLine,
       NewProcessName AS Process_ImageFile_FullPath,
       Computer AS Process_Host_HostName,
       Account AS Process_Aux_Account
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4688
ORDER BY TimeGenerated, NewProcessId
LIMIT $limit
