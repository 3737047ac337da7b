-- title: Mailbox rules made by the account
-- question: Which inbox rules and forwardings did the account make, from where?
-- input: account
-- identifiers: Name+UPNSuffix
-- output: ip
-- window: 7d/7d
-- tables: OfficeActivity
-- tactics: Collection, Exfiltration, DefenseEvasion

SELECT ClientIP AS IP_UnstructuredName,
       Operation AS IP_Aux_Operation,
       Parameters AS IP_Aux_Parameters,
       TimeGenerated AS IP_Aux_Time
FROM OfficeActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND Operation IN ('New-InboxRule', 'Set-InboxRule', 'UpdateInboxRules', 'Set-Mailbox', 'New-TransportRule', 'Set-TransportRule')
ORDER BY TimeGenerated, IP_UnstructuredName
LIMIT $limit
