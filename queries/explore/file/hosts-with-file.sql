-- id: 62527635
-- title: Hosts with this file
-- question: On which hosts do command lines or services mention the file?
-- input: file
-- identifiers: FileName
-- output: host
-- window: 30m/30m
-- tables: SecurityEvent
-- tactics: Execution, Persistence

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Events,
       count(DISTINCT CommandLine) AS Host_Aux_CommandLines,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM SecurityEvent
WHERE TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4688, 4697)
  AND (strpos(lower(CommandLine), $image) > 0 OR strpos(lower(NewProcessName), $image) > 0 OR strpos(lower(ServiceFileName), $image) > 0)
GROUP BY Computer
ORDER BY Host_Aux_Events DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
