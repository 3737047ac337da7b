-- id: def383f2
-- title: Linux hosts with this process
-- question: Which Linux hosts ran this process, rarest first?
-- input: process
-- identifiers: CommandLine
-- output: host
-- window: 1h/1h
-- tables: Syslog
-- tactics: Execution

SELECT Computer AS Host_UnstructuredName,
       count(*) AS Host_Aux_Messages,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM Syslog
WHERE TimeGenerated BETWEEN $from AND $to
  AND $image <> ''
  AND lower(ProcessName) = $image
GROUP BY Computer
ORDER BY Host_Aux_Messages, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
