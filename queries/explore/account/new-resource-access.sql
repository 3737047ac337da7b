-- id: 82cdcee5
-- title: First resource access
-- question: Which hosts did the account reach for the first time in 30 days?
-- input: account
-- identifiers: Name | Sid | AadUserId
-- output: host
-- window: 1d/1d
-- tables: BehaviorAnalytics
-- tactics: LateralMovement

SELECT DestinationDevice AS Host_UnstructuredName,
       SourceIPAddress AS Host_Aux_SourceAddress,
       max(InvestigationPriority) AS Host_Aux_InvestigationPriority,
       count(*) AS Host_Aux_Events,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM BehaviorAnalytics
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType = 'ResourceAccess'
GROUP BY DestinationDevice, SourceIPAddress
ORDER BY Host_Aux_InvestigationPriority DESC, Host_Aux_LastTime, Host_UnstructuredName
LIMIT $limit
