//! The hoptrail command.
