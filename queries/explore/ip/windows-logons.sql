-- title: Windows logons from the address
-- question: Which accounts logged on to which hosts from the address?
-- input: ip
-- identifiers: Address
-- output: account, host
-- window: 1d/1d
-- tables: SecurityEvent
-- tactics: LateralMovement, CredentialAccess
-- limit: 25

SELECT TargetDomainName || '\' || TargetUserName AS Account_UnstructuredName,
       Computer AS Host_UnstructuredName,
       LogonType AS Account_Aux_LogonType,
       count(*) FILTER (WHERE EventID = 4624) AS Account_Aux_SuccessfulLogons,
       count(*) FILTER (WHERE EventID = 4625) AS Account_Aux_FailedLogons,
       min(TimeGenerated) AS Account_Aux_FirstTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4624, 4625)
GROUP BY TargetDomainName, TargetUserName, Computer, LogonType
ORDER BY Account_Aux_FailedLogons DESC, Account_Aux_SuccessfulLogons DESC, Account_UnstructuredName, Host_UnstructuredName
LIMIT $limit
