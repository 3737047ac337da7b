-- title: Clients most often answered with the address
-- question: Which clients got this address as an answer most often?
-- input: ip
-- identifiers: Address
-- output: ip
-- window: 3h/3h
-- tables: DnsEvents
-- tactics: CommandAndControl

SELECT ClientIP AS IP_Address,
       count(*) AS IP_Aux_Lookups,
       array_to_string(array_agg(DISTINCT Name), ', ') AS IP_Aux_Names,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM DnsEvents
WHERE TimeGenerated BETWEEN $from AND $to
  AND strpos(IPAddresses, $value) > 0
GROUP BY ClientIP
ORDER BY IP_Aux_Lookups DESC, IP_Aux_FirstTime, IP_Address
LIMIT $limit
