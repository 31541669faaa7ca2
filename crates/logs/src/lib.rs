//! Turns the bytes of AWS log files into calls. No I/O, no clock.
