"""Builds days of a trail on Spark: the script of the jobs of glue.yaml and emr-serverless.yaml.

    spark_job.py --source URI --dest URI --from DAY --to DAY

Prints a line for each day. If days failed, it raises when all others are published.
"""

import argparse

import hoptrail.spark
from pyspark.sql import SparkSession


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--source", required=True)
    parser.add_argument("--dest", required=True)
    parser.add_argument("--from", dest="from_", required=True)
    parser.add_argument("--to", required=True)
    # Glue adds options of its own.
    options, _ = parser.parse_known_args()
    spark = SparkSession.builder.getOrCreate()
    for day in hoptrail.spark.run(spark, options.source, options.dest, options.from_, options.to):
        print(f"{day.dt} exit code {day.exit_code}")


if __name__ == "__main__":
    main()
