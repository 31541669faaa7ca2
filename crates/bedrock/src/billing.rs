//! What AWS's bills say: usage types as Region, model, and what is counted; and how a bill compares with what the
//! tables have.

mod amount;
mod bill;
mod line;
mod names;
mod ratio;
mod reconcile;
mod usage_type;

pub use amount::{Amount, AmountError};
pub use bill::{Bill, Month, Sum, UnknownLine};
pub use line::{BillLine, LineType};
pub use names::{BillingNames, EMBEDDED as EMBEDDED_NAMES};
pub use reconcile::{
    Billed, Comparison, DiscountRow, Discounts, Key, Kind, Line, ListBasis, NetComparison, Part,
    PriceRow, Prices, Reconciliation, Seen, SeenUsage, Tolerance, UsageKey, Verdict, discounts,
    prices, reconcile,
};
pub use usage_type::{Charge, Metered, read};
