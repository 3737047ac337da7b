-- title: Callers on the resource
-- question: Which accounts changed the resource, from where?
-- input: azure-resource
-- identifiers: ResourceId
-- output: account, ip
-- window: 1d/1d
-- tables: AzureActivity
-- tactics: Impact
-- limit: 25

SELECT Caller AS Account_UnstructuredName,
       CallerIpAddress AS IP_Address,
       OperationNameValue AS Account_Aux_Operation,
       count(*) AS Account_Aux_Events,
       min(TimeGenerated) AS Account_Aux_FirstTime
FROM AzureActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY Caller, CallerIpAddress, OperationNameValue
ORDER BY Account_Aux_FirstTime, Account_UnstructuredName, Account_Aux_Operation
LIMIT $limit
