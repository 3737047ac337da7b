-- title: AWS actions of the account
-- question: Which AWS actions did the account take, from which addresses?
-- input: account
-- identifiers: Name | Arn
-- output: ip
-- window: 1d/1d
-- tables: AWSCloudTrail
-- tactics: Discovery, Persistence, DefenseEvasion
-- limit: 25

SELECT SourceIpAddress AS IP_UnstructuredName,
       EventName AS IP_Aux_Action,
       count(*) AS IP_Aux_Events,
       count(*) FILTER (WHERE ErrorCode <> '') AS IP_Aux_Errors,
       min(TimeGenerated) AS IP_Aux_FirstTime
FROM AWSCloudTrail
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY SourceIpAddress, EventName
ORDER BY IP_Aux_Events DESC, IP_Aux_FirstTime, IP_Aux_Action
LIMIT $limit
