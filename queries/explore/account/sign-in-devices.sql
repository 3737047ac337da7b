-- id: c34bf507
-- title: Devices of cloud sign-ins
-- question: From which devices did the account sign in?
-- input: account
-- identifiers: Name
-- output: host
-- window: 1d/1d
-- tables: SigninLogs
-- tactics: InitialAccess

SELECT json_text(DeviceDetail, 'displayName') AS Host_UnstructuredName,
       json_text(DeviceDetail, 'operatingSystem') AS Host_Aux_OperatingSystem,
       json_text(DeviceDetail, 'browser') AS Host_Aux_Browser,
       count(*) AS Host_Aux_SignIns,
       max(TimeGenerated) AS Host_Aux_LastTime
FROM SigninLogs
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND json_text(DeviceDetail, 'displayName') <> ''
GROUP BY DeviceDetail
ORDER BY Host_Aux_SignIns DESC, Host_Aux_LastTime, Host_UnstructuredName
LIMIT $limit
