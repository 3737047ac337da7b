-- id: f89061dd
-- title: Rarest Linux processes of the account
-- question: Which Linux processes of the account are rarest?
-- input: account
-- identifiers: Name
-- output: process
-- window: 1h/1h
-- tables: Syslog
-- tactics: Execution

SELECT ProcessName AS Process_CommandLine,
       Computer AS Process_Host_HostName,
       count(*) AS Process_Aux_Events,
       max(TimeGenerated) AS Process_Aux_LastTime
FROM Syslog
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ProcessName <> ''
GROUP BY ProcessName, Computer
ORDER BY Process_Aux_Events, Process_Aux_LastTime, Process_CommandLine
LIMIT $limit
