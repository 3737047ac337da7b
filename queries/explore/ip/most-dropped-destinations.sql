-- id: 980762f8
-- title: Destinations with most drops
-- question: To which addresses were most sessions of the address dropped?
-- input: ip
-- identifiers: Address
-- output: ip
-- window: 6h/6h
-- tables: WindowsFirewall
-- tactics: Discovery, CommandAndControl

SELECT DestinationIP AS IP_Address,
       count(DISTINCT DestinationPort) AS IP_Aux_Ports,
       count(*) AS IP_Aux_Drops,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM WindowsFirewall
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND FirewallAction = 'DROP'
  AND SourceIP = $value
GROUP BY DestinationIP
ORDER BY IP_Aux_Ports DESC, IP_Aux_Drops DESC, IP_Address
LIMIT $limit
