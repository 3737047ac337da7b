-- title: Most frequent users
-- question: Which accounts signed in from this address most?
-- input: ip
-- identifiers: Address
-- output: account
-- window: 1d/1d
-- tables: SigninLogs
-- tactics: InitialAccess, CredentialAccess

SELECT UserPrincipalName AS Account_UnstructuredName,
       count(*) AS Account_Aux_SignIns,
       count(*) FILTER (WHERE ResultType = '0') AS Account_Aux_Successes,
       array_to_string(array_agg(DISTINCT ResultType), ', ') AS Account_Aux_Results,
       array_to_string(array_agg(DISTINCT AppDisplayName), ', ') AS Account_Aux_Applications,
       min(TimeGenerated) AS Account_Aux_FirstTime,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM SigninLogs
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY UserPrincipalName
ORDER BY Account_Aux_SignIns DESC, Account_Aux_FirstTime, Account_UnstructuredName
LIMIT $limit
