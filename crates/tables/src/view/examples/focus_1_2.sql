SELECT SubAccountId, RegionId, x_ModelName, SUM(ListCost) AS ListCost
FROM focus_1_2
WHERE dt BETWEEN '2026-10-05' AND '2026-10-07'
GROUP BY SubAccountId, RegionId, x_ModelName
ORDER BY ListCost DESC
LIMIT 3;
