"""Calls as a DataFrame, by whichever task read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def register(spark: SparkSession) -> None:
    """Makes `spark.read.format("hoptrail")` known to a session of Spark 4: see `hoptrail.spark.source`."""
    from hoptrail.spark import source

    source.register(spark)


def distinct(calls: DataFrame) -> DataFrame:
    """One row of each call, the one that the tables have: an addendum before what it amends, then the one of
    the earliest day, then the one whose object has the least key, then the first in its object.

    The columns are those of `calls`, with `dt`, `event_id`, `original_event_id`, `key`, and `index` among them.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    first_delivered = sf.coalesce("original_event_id", "event_id")
    order = [sf.col("original_event_id").isNull(), sf.col("dt"), sf.col("key"), sf.col("index")]
    place = sf.row_number().over(Window.partitionBy(first_delivered).orderBy(*order))
    return calls.withColumn("_place", place).where("_place = 1").drop("_place")
