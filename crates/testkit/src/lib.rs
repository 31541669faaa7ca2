//! What the tests of several crates need: gzipped bodies, random numbers that are the same every time,
//! a runtime, costs that are known. It depends on none of the other crates, so that all of them can use it
//! in their tests.

mod dice;
mod gzip;
mod price_vectors;
#[cfg(feature = "runtime")]
mod runtime;

pub use dice::Dice;
pub use gzip::gzip;
pub use price_vectors::{PriceVector, price_vectors};
#[cfg(feature = "runtime")]
pub use runtime::block_on;
