-- id: 588f5d9f
-- title: Office users of the address
-- question: Which accounts worked in Office from this address?
-- input: ip
-- identifiers: Address
-- output: account
-- window: 12h/12h
-- tables: OfficeActivity
-- tactics: Collection

SELECT UserId AS Account_UnstructuredName,
       count(*) AS Account_Aux_Operations,
       count(DISTINCT Operation) AS Account_Aux_DistinctOperations,
       array_to_string(array_agg(DISTINCT OfficeWorkload), ', ') AS Account_Aux_Workloads,
       min(TimeGenerated) AS Account_Aux_FirstTime,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM OfficeActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND UserId <> ''
GROUP BY UserId
ORDER BY Account_Aux_Operations DESC, Account_Aux_FirstTime, Account_UnstructuredName
LIMIT $limit
