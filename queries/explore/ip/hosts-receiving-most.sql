-- title: Hosts that received most
-- question: Which hosts received the most bytes from the address?
-- input: ip
-- identifiers: Address
-- output: host
-- window: 1d/1d
-- tables: VMConnection
-- tactics: Exfiltration, CommandAndControl

SELECT Computer AS Host_UnstructuredName,
       sum(BytesReceived) AS Host_Aux_BytesReceived,
       count(*) AS Host_Aux_Connections,
       array_to_string(array_agg(DISTINCT ProcessName), ', ') AS Host_Aux_Processes,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM VMConnection
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY Computer
ORDER BY Host_Aux_BytesReceived DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
