-- id: 77f9839a
-- title: Rarest inbound connections of the image
-- question: Which addresses connect to the program least?
-- input: process
-- identifiers: CommandLine
-- output: ip, host
-- window: 30m/30m
-- tables: VMConnection
-- tactics: CommandAndControl, Exfiltration, LateralMovement

SELECT RemoteIp AS IP_Address,
       Computer AS Host_UnstructuredName,
       ProcessName AS IP_Aux_ProcessName,
       DestinationPort AS IP_Aux_Port,
       count(*) AS IP_Aux_Connections,
       sum(BytesSent) AS IP_Aux_BytesSent,
       sum(BytesReceived) AS IP_Aux_BytesReceived,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM VMConnection
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND Direction = 'inbound'
GROUP BY RemoteIp, Computer, ProcessName, DestinationPort
ORDER BY IP_Aux_Connections, IP_Aux_FirstTime, IP_Address
LIMIT $limit
