//! What speed is measured with: synthetic trails, and yardsticks to hold the command against.
//!
//! Nothing here is part of the command, and the command knows nothing of it.

pub mod corpus;
pub mod dice;
pub mod folder;
