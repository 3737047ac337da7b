-- title: AWS callers on the address
-- question: Which AWS identities called from the address, and what?
-- input: ip
-- identifiers: Address
-- output: account
-- window: 1d/1d
-- tables: AWSCloudTrail
-- tactics: Discovery, Persistence

SELECT UserIdentityArn AS Account_UnstructuredName,
       count(*) AS Account_Aux_Events,
       count(DISTINCT EventName) AS Account_Aux_Actions,
       count(*) FILTER (WHERE ErrorCode <> '') AS Account_Aux_Errors,
       min(TimeGenerated) AS Account_Aux_FirstTime
FROM AWSCloudTrail
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY UserIdentityArn
ORDER BY Account_Aux_Events DESC, Account_Aux_FirstTime, Account_UnstructuredName
LIMIT $limit
