-- id: f87b2afb
-- title: Files the process was kept from loading
-- question: Which files was the process blocked from loading?
-- input: process
-- identifiers: ProcessId+ImageFile
-- output: file
-- window: 1d/1d
-- tables: DeviceEvents
-- tactics: DefenseEvasion

SELECT FolderPath AS File_UnstructuredName,
       SHA1 AS File_Aux_SHA1,
       count(*) AS File_Aux_Events,
       max(TimeGenerated) AS File_Aux_LastTime
FROM DeviceEvents
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
  AND ActionType = 'ExploitGuardNonMicrosoftSignedBlocked'
GROUP BY FolderPath, SHA1
ORDER BY File_Aux_Events DESC, File_Aux_LastTime, File_UnstructuredName
LIMIT $limit
