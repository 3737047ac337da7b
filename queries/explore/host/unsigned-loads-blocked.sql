-- id: f87b2afb
-- title: Blocked unsigned loads
-- question: Which processes of the host were kept from loading unsigned binaries?
-- input: host
-- identifiers: HostName
-- output: process, file
-- window: 1d/1d
-- tables: DeviceEvents
-- tactics: DefenseEvasion

SELECT InitiatingProcessFileName AS Process_ImageFile_FullPath,
       DeviceName AS Process_Host_HostName,
       FileName AS Process_Aux_BlockedFile,
       count(*) AS Process_Aux_Events,
       max(TimeGenerated) AS Process_Aux_LastTime
FROM DeviceEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType = 'ExploitGuardNonMicrosoftSignedBlocked'
GROUP BY InitiatingProcessFileName, DeviceName, FileName
ORDER BY Process_Aux_Events DESC, Process_Aux_LastTime, Process_ImageFile_FullPath
LIMIT $limit
