-- id: e32a48a9
-- title: Configuration changes that name the image
-- question: Which registry, service or file changes name the program?
-- input: process
-- identifiers: ImageFile
-- output: host
-- window: 1d/1d
-- tables: ConfigurationChange
-- tactics: Persistence

SELECT Computer AS Host_UnstructuredName,
       ConfigChangeType AS Host_Aux_ChangeType,
       count(*) AS Host_Aux_Changes,
       min(TimeGenerated) AS Host_Aux_FirstTime
FROM ConfigurationChange
WHERE TimeGenerated BETWEEN $from AND $to
  AND $image <> ''
  AND (strpos(lower(FileSystemPath), $image) > 0 OR strpos(lower(SvcPath), $image) > 0 OR strpos(lower(ValueData), $image) > 0)
GROUP BY Computer, ConfigChangeType
ORDER BY Host_Aux_Changes DESC, Host_Aux_FirstTime, Host_UnstructuredName
LIMIT $limit
