-- title: Most active Azure callers
-- question: Which accounts called Azure most from this address?
-- input: ip
-- identifiers: Address
-- output: account
-- window: 12h/12h
-- tables: AzureActivity
-- tactics: Impact, Discovery

SELECT Caller AS Account_UnstructuredName,
       count(*) AS Account_Aux_Operations,
       count(DISTINCT OperationNameValue) AS Account_Aux_DistinctOperations,
       min(TimeGenerated) AS Account_Aux_FirstTime,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM AzureActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY Caller
ORDER BY Account_Aux_Operations DESC, Account_Aux_FirstTime, Account_UnstructuredName
LIMIT $limit
