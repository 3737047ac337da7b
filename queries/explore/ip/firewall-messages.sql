-- title: Firewall messages of the address
-- question: What do firewalls and sensors say about the address?
-- input: ip
-- identifiers: Address
-- output: ip
-- window: 6h/6h
-- tables: CommonSecurityLog
-- tactics: CommandAndControl, Exfiltration
-- limit: 25

SELECT DestinationIP AS IP_Address,
       DeviceVendor || ' ' || DeviceProduct AS IP_Aux_Sensor,
       Activity AS IP_Aux_Activity,
       DeviceAction AS IP_Aux_Action,
       count(*) AS IP_Aux_Events,
       sum(SentBytes) AS IP_Aux_SentBytes,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM CommonSecurityLog
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY DestinationIP, DeviceVendor, DeviceProduct, Activity, DeviceAction
ORDER BY IP_Aux_Events DESC, IP_Aux_FirstTime, IP_Address
LIMIT $limit
