-- title: Azure changes by the account
-- question: Which Azure resources did the account write or delete?
-- input: account
-- identifiers: Name+UPNSuffix | AadUserId
-- output: azure-resource
-- window: 1d/1d
-- tables: AzureActivity
-- tactics: Impact, Persistence
-- limit: 25

SELECT _ResourceId AS AzureResource_ResourceId,
       OperationNameValue AS AzureResource_Aux_Operation,
       ActivityStatusValue AS AzureResource_Aux_Status,
       count(*) AS AzureResource_Aux_Events,
       array_to_string(array_agg(DISTINCT CallerIpAddress), ', ') AS AzureResource_Aux_Addresses,
       min(TimeGenerated) AS AzureResource_Aux_FirstTime
FROM AzureActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND OperationNameValue NOT LIKE '%/READ'
GROUP BY _ResourceId, OperationNameValue, ActivityStatusValue
ORDER BY AzureResource_Aux_FirstTime, AzureResource_ResourceId, AzureResource_Aux_Operation
LIMIT $limit
