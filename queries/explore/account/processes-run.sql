-- title: Processes of the account
-- question: Which programs did the account run, rarest first?
-- input: account
-- identifiers: Name
-- output: process
-- window: 1h/1h
-- tables: SecurityEvent
-- tactics: Execution
-- limit: 25

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
