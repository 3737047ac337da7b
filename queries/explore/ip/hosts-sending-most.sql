-- id: 5b57680b
-- title: Hosts that sent most
-- question: Which hosts sent the most bytes to the address?
-- input: ip
-- identifiers: Address
-- output: host
-- window: 1d/1d
-- tables: VMConnection
-- tactics: Exfiltration, CommandAndControl

SELECT Computer AS Host_UnstructuredName,
       sum(BytesSent) AS Host_Aux_BytesSent,
       count(*) AS Host_Aux_Connections,
       array_to_string(array_agg(DISTINCT ProcessName), ', ') AS Host_Aux_Processes,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM VMConnection
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY Computer
ORDER BY Host_Aux_BytesSent DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
