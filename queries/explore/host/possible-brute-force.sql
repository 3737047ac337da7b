-- id: 98b2ce21
-- title: Possibly successful brute force
-- question: Which accounts failed more than ten times and then logged on within the same minute?
-- input: host
-- identifiers: HostName+NTDomain | HostName+DnsDomain
-- output: account
-- window: 7d/7d
-- tables: SecurityEvent
-- tactics: CredentialAccess

SELECT TargetAccount AS Account_UnstructuredName,
       date_trunc('minute', TimeGenerated) AS Account_Aux_Minute,
       count(*) FILTER (WHERE EventID = 4625) AS Account_Aux_FailedLogons,
       count(*) FILTER (WHERE EventID = 4624) AS Account_Aux_SuccessfulLogons
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4624, 4625)
GROUP BY TargetAccount, date_trunc('minute', TimeGenerated)
HAVING count(*) FILTER (WHERE EventID = 4625) > 10 AND count(*) FILTER (WHERE EventID = 4624) > 0
ORDER BY Account_Aux_FailedLogons DESC, Account_Aux_Minute, Account_UnstructuredName
LIMIT $limit
