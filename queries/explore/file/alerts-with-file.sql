-- id: 82d58507
-- title: Alerts that mention the file
-- question: Which alerts mention the file by its name?
-- input: file
-- identifiers: FileName
-- output: alert
-- window: 1d/1d
-- tables: SecurityAlert
-- tactics: Execution

SELECT SystemAlertId AS Alert_Id,
       AlertName AS Alert_Aux_Name,
       AlertSeverity AS Alert_Aux_Severity,
       CompromisedEntity AS Alert_Aux_CompromisedEntity,
       TimeGenerated AS Alert_Aux_Time
FROM SecurityAlert
WHERE TimeGenerated BETWEEN $from AND $to
  AND strpos(lower(Entities), $image) > 0
ORDER BY TimeGenerated, Alert_Id
LIMIT $limit
