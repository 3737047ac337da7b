-- id: 2db8cac9
-- title: Rare sign-in locations
-- question: Which addresses of the account lie where it seldom signs in from (below 10 %)?
-- input: account
-- identifiers: Name | AadUserId
-- output: ip
-- window: 7d/7d
-- tables: SigninLogs
-- tactics: InitialAccess

WITH signins AS (
  SELECT IPAddress, Location, TimeGenerated,
         count(*) OVER (PARTITION BY Location) * 1.0 / count(*) OVER () AS Share
  FROM SigninLogs
  WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
)
SELECT IPAddress AS IP_Address,
       Location AS IP_Aux_Location,
       round(min(Share), 4) AS IP_Aux_LocationShare,
       count(*) AS IP_Aux_SignIns,
       max(TimeGenerated) AS IP_Aux_LastTime
FROM signins
WHERE Share < 0.1
GROUP BY IPAddress, Location
ORDER BY IP_Aux_LocationShare, IP_Aux_SignIns, IP_Address
LIMIT $limit
