-- id: b8de20fa
-- title: Accounts with application control events
-- question: Which accounts hit application control on the host?
-- input: host
-- identifiers: HostName+DnsDomain | HostName+NTDomain
-- output: account
-- window: 12h/12h
-- tables: DeviceEvents
-- tactics: Execution

SELECT InitiatingProcessAccountUpn AS Account_UnstructuredName,
       count(*) AS Account_Aux_Events,
       count(DISTINCT FileName) AS Account_Aux_Files,
       min(TimeGenerated) AS Account_Aux_FirstTime,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM DeviceEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType LIKE 'AppControl%'
GROUP BY InitiatingProcessAccountUpn
ORDER BY Account_Aux_Events DESC, Account_Aux_FirstTime, Account_UnstructuredName
LIMIT $limit
