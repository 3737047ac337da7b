-- id: 7f3989bf
-- title: Addresses of Office activity
-- question: From which addresses did the account work in Office?
-- input: account
-- identifiers: Name
-- output: ip
-- window: 12h/12h
-- tables: OfficeActivity
-- tactics: Collection

SELECT ClientIP AS IP_UnstructuredName,
       count(*) AS IP_Aux_Operations,
       count(DISTINCT Operation) AS IP_Aux_DistinctOperations,
       array_to_string(array_agg(DISTINCT OfficeWorkload), ', ') AS IP_Aux_Workloads,
       min(TimeGenerated) AS IP_Aux_FirstTime,
       max(TimeGenerated) AS IP_Aux_LastTime
FROM OfficeActivity
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ClientIP <> ''
GROUP BY ClientIP
ORDER BY IP_Aux_Operations DESC, IP_Aux_FirstTime, IP_UnstructuredName
LIMIT $limit
