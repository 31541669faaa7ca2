//! Turns calls into the bytes of Parquet tables, and describes the tables.
//!
//! Each table and column is declared once, as data; the Arrow schema, the Parquet file, Athena's DDL
//! and the documentation derive from the declaration. Arrow is known here and nowhere else.

mod batch;
mod chunk;
pub mod column;
pub mod ddl;
pub mod denials;
mod dictionary;
pub mod group;
mod hybrid;
mod ids;
pub mod ingest;
pub mod invocations;
pub mod layout;
pub mod markdown;
pub mod model_costs;
mod pages;
pub mod parquet;
mod plain;
pub mod read;
pub mod referred;
pub mod routing_distribution;
mod statistics;
pub mod table;
pub mod unresolved_models;

pub use column::Column;
pub use parquet::{BATCH_ROWS, ROW_GROUP_ROWS, TableWriter, WriteError, write};
pub use referred::{ContextMeaning, Referred};
pub use table::{Refers, Table, TableSpec, all};

pub use denials::{DENIALS, DenialRow};
pub use ingest::{INGEST, IngestRow, Status};
pub use invocations::{INVOCATIONS, Invocation};
pub use model_costs::{MODEL_COSTS, ModelCostRow};
pub use routing_distribution::{ROUTING_DISTRIBUTION, RoutingRow};
pub use unresolved_models::{UNRESOLVED_MODELS, UnresolvedRow};
