-- title: Sign-in addresses
-- question: From which addresses did the account sign in, with which results?
-- input: account
-- identifiers: Name | AadUserId
-- output: ip
-- window: 7d/7d
-- tables: SigninLogs
-- tactics: InitialAccess, CredentialAccess

SELECT IPAddress AS IP_Address,
       Location AS IP_Aux_Location,
       count(*) FILTER (WHERE ResultType = '0') AS IP_Aux_Successes,
       count(*) FILTER (WHERE ResultType <> '0') AS IP_Aux_Failures,
       array_to_string(array_agg(DISTINCT AppDisplayName), ', ') AS IP_Aux_Applications,
       min(TimeGenerated) AS IP_Aux_FirstTime,
       max(TimeGenerated) AS IP_Aux_LastTime
FROM SigninLogs
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY IPAddress, Location
ORDER BY IP_Aux_Successes DESC, IP_Aux_Failures DESC, IP_Address
LIMIT $limit
