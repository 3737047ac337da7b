-- id: 935ab312
-- title: Sources with most drops
-- question: From which addresses were most sessions to the address dropped?
-- input: ip
-- identifiers: Address
-- output: ip
-- window: 6h/6h
-- tables: WindowsFirewall
-- tactics: Discovery, CommandAndControl

SELECT SourceIP AS IP_Address,
       count(DISTINCT DestinationPort) AS IP_Aux_Ports,
       count(*) AS IP_Aux_Drops,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM WindowsFirewall
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND FirewallAction = 'DROP'
  AND DestinationIP = $value
GROUP BY SourceIP
ORDER BY IP_Aux_Ports DESC, IP_Aux_Drops DESC, IP_Address
LIMIT $limit
