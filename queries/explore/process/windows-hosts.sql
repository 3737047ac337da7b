-- id: 0880a6d7
-- title: Windows hosts with this image
-- question: Which hosts ran the same program?
-- input: process
-- identifiers: CommandLine
-- output: host
-- window: 1h/1h
-- tables: SecurityEvent
-- tactics: Execution, LateralMovement

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Starts,
       count(DISTINCT CommandLine) AS Host_Aux_CommandLines,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM SecurityEvent
WHERE TimeGenerated BETWEEN $from AND $to
  AND EventID = 4688
  AND $image <> ''
  AND ends_with(lower(NewProcessName), '\' || $image)
GROUP BY Computer
ORDER BY Host_Aux_Starts DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
