-- title: Rarest processes on the host
-- question: Which programs of the host ran least often?
-- input: host
-- identifiers: HostName
-- output: process
-- window: 1d/1d
-- tables: SecurityEvent
-- tactics: Execution

SELECT NewProcessName AS Process_ImageFile_FullPath,
       Computer AS Process_Host_HostName,
       count(*) AS Process_Aux_Starts,
       min(CommandLine) AS Process_Aux_CommandLine,
       min(TimeGenerated) AS Process_Aux_FirstTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID = 4688
GROUP BY NewProcessName, Computer
ORDER BY Process_Aux_Starts, Process_Aux_FirstTime, Process_ImageFile_FullPath
LIMIT $limit
