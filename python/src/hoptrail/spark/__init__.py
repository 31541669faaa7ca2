"""hoptrail by Apache Spark: Spark moves keys and readings and tries again; the program does the rest.

import hoptrail.spark
hoptrail.spark.run(spark, "s3://org-trail", "s3://analytics/bedrock", "2026-10-01", "2026-10-31")
"""

from hoptrail.spark._calls import distinct, register
from hoptrail.spark._program import ProgramError, ProgramKilled
from hoptrail.spark._run import Day, DaysFailed, run

__all__ = ["Day", "DaysFailed", "ProgramError", "ProgramKilled", "distinct", "register", "run"]
