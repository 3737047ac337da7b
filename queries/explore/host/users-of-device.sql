-- id: 37fdc179
-- title: Cloud sign-ins from the device
-- question: Who signed in from this device, from which address and place?
-- input: host
-- identifiers: HostName
-- output: account, ip
-- window: 1d/1d
-- tables: SigninLogs
-- tactics: InitialAccess

SELECT UserPrincipalName AS Account_UnstructuredName,
       IPAddress AS IP_Address,
       Location AS Account_Aux_Location,
       count(*) AS Account_Aux_SignIns,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM SigninLogs
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY UserPrincipalName, IPAddress, Location
ORDER BY Account_Aux_SignIns DESC, Account_Aux_LastTime, Account_UnstructuredName
LIMIT $limit
