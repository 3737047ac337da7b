-- id: 4c541df8
-- title: Hosts with most failed logons
-- question: On which hosts did the account fail to log on most?
-- input: account
-- identifiers: Name+UPNSuffix | Name+NTDomain
-- output: host
-- window: 1d/1d
-- tables: SecurityEvent
-- tactics: CredentialAccess, LateralMovement

SELECT Computer AS Host_UnstructuredName,
       count(*) FILTER (WHERE EventID = 4625) AS Host_Aux_FailedLogons,
       count(*) FILTER (WHERE EventID = 4624) AS Host_Aux_SuccessfulLogons,
       array_to_string(array_agg(DISTINCT LogonType), ', ') AS Host_Aux_LogonTypes,
       min(TimeGenerated) AS Host_Aux_FirstTime,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM SecurityEvent
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND EventID IN (4624, 4625)
GROUP BY Computer
HAVING count(*) FILTER (WHERE EventID = 4625) > 0
ORDER BY Host_Aux_FailedLogons DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
