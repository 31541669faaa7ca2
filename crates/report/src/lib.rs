//! The page of `hoptrail report`: one HTML file without a script, which requests nothing.
//!
//! ```text
//! Report ──section──► figures, tables, drawings ──page──► HTML
//!                          ▲
//!                       drawing: shapes from charts-rs, texts from exact figures
//! ```
//!
//! The input is a [`Report`]: rows of counts, amounts, and names. Everything that is added up, ranked, or
//! cut to the largest is computed here, in whole numbers. charts-rs computes in `f32`: it says where shapes
//! are, and no text of its own reaches the page. Texts are escaped by the template.

mod drawing;
mod model;
pub mod number;
mod page;
mod section;
mod view;

pub use model::{
    Approved, Calls, Cost, CostOf, Day, DayState, Denial, Gap, Hour, ModelDay, OtherRate, Outside,
    Path, Report, Unresolved,
};
pub use page::{PageError, html};
