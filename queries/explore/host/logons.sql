-- title: Logons on the host
-- question: Which accounts logged on to the host, how and from where?
-- input: host
-- identifiers: HostName
-- output: account
-- window: 1d/1d
-- tables: SecurityEvent
-- tactics: LateralMovement
-- limit: 25

SELECT TargetDomainName || '\' || TargetUserName AS Account_UnstructuredName,
       LogonType AS Account_Aux_LogonType,
       IpAddress AS Account_Aux_Address,
       count(*) FILTER (WHERE EventID = 4624) AS Account_Aux_SuccessfulLogons,
       count(*) FILTER (WHERE EventID = 4625) AS Account_Aux_FailedLogons,
       min(TimeGenerated) AS Account_Aux_FirstTime,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4624, 4625)
GROUP BY TargetDomainName, TargetUserName, LogonType, IpAddress
ORDER BY Account_Aux_SuccessfulLogons DESC, Account_Aux_FailedLogons DESC, Account_UnstructuredName, Account_Aux_LogonType
LIMIT $limit
