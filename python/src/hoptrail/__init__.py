"""Where Amazon Bedrock calls ran and what they cost: the program `hoptrail`, and `hoptrail.spark`, which has
Apache Spark run it.

This module imports nothing, so that the wheel also serves where only the program is wanted.
"""
