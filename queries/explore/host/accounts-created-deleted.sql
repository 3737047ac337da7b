-- id: 3aed43db
-- title: Accounts created and deleted
-- question: Which accounts were created or deleted on the host?
-- input: host
-- identifiers: HostName
-- output: account
-- window: 12h/12h
-- tables: SecurityEvent
-- tactics: Persistence, DefenseEvasion

SELECT TargetDomainName || '\' || TargetUserName AS Account_UnstructuredName,
       TargetSid AS Account_Aux_Sid,
       CASE EventID WHEN 4720 THEN 'created' ELSE 'deleted' END AS Account_Aux_Change,
       SubjectUserName AS Account_Aux_ChangedBy,
       TimeGenerated AS Account_Aux_Time
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4720, 4726)
ORDER BY TimeGenerated, Account_UnstructuredName
LIMIT $limit
