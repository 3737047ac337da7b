-- title: Directory changes by the account
-- question: What did the account change in the directory?
-- input: account
-- identifiers: Name+UPNSuffix | AadUserId
-- output: account
-- window: 1d/1d
-- tables: AuditLogs
-- tactics: Persistence, PrivilegeEscalation
-- limit: 25

SELECT json_text(TargetResources, '0.userPrincipalName') AS Account_UnstructuredName,
       json_text(TargetResources, '0.displayName') AS Account_Aux_Target,
       OperationName AS Account_Aux_Operation,
       Result AS Account_Aux_Result,
       TimeGenerated AS Account_Aux_Time
FROM AuditLogs
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
ORDER BY TimeGenerated, Account_Aux_Operation
LIMIT $limit
