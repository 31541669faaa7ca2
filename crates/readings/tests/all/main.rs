//! Readings as rows and as streams, against what a slow reference expects.

mod generate;
mod reference;
mod refused;
mod round_trip;
