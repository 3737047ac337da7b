-- id: 18b7e4e3
-- title: Peers with alerts
-- question: Which peers of the account are named by a recent alert?
-- input: account
-- identifiers: Name+UPNSuffix
-- output: account
-- window: 7d/0
-- tables: UserPeerAnalytics, SecurityAlert
-- tactics: LateralMovement

SELECT PeerUserPrincipalName AS Account_UnstructuredName,
       min(Rank) AS Account_Aux_Rank,
       max(TimeGenerated) AS Account_Aux_LastTime
FROM UserPeerAnalytics
WHERE array_has_any(_Entities, $entity) AND TimeGenerated BETWEEN $from AND $to
GROUP BY PeerUserPrincipalName
ORDER BY Account_Aux_Rank, Account_UnstructuredName
LIMIT $limit
