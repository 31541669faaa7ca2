//! Turns calls into the bytes of Parquet tables, and describes the tables. No I/O, no clock.
