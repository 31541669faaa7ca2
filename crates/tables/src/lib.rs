//! Turns calls into the bytes of Parquet tables, and describes the tables.
//!
//! Each table and column is declared once, as data; the Arrow schema, the Parquet file, Athena's DDL
//! and the documentation derive from the declaration. Arrow is known here and nowhere else.

pub mod accounts;
pub mod attributed_costs;
mod batch;
pub mod batch_jobs;
pub mod bill;
pub mod column;
pub mod contexts;
pub mod ddl;
pub mod denials;
pub mod group;
pub mod ingest;
pub mod invocations;
pub mod layout;
mod map;
pub mod markdown;
mod merge;
pub mod model_costs;
pub mod other_activity;
pub mod parquet;
pub mod plain;
pub mod profile_destinations;
mod properties;
pub mod query;
pub mod read;
mod references;
pub mod routing_distribution;
pub mod table;
pub mod unresolved_models;
pub mod view;

pub use accounts::ACCOUNTS;
pub use attributed_costs::ATTRIBUTED_COSTS;
pub use column::Column;
pub use group::{AttributedRows, GroupRows, Groups};
pub use merge::GroupRow;
pub use parquet::{PIECE_ROWS, ROW_GROUP_ROWS, TableWriter, WriteError, write};
pub use references::{References, Refers};
pub use table::{Table, TableSpec, all, by_day, write_empty};

pub use batch_jobs::{BATCH_JOBS, BatchJobRow, ReadOutput};
pub use denials::{DENIALS, DenialRow};
pub use ingest::{INGEST, IngestRow, Status};
pub use invocations::{INVOCATIONS, Invocation};
pub use model_costs::{CostRow, MODEL_COSTS};
pub use other_activity::{ActivityGroups, OTHER_ACTIVITY, OtherActivityRow};
pub use profile_destinations::{DestinationRow, PROFILE_DESTINATIONS};
pub use routing_distribution::{ROUTING_DISTRIBUTION, RoutingRow};
pub use unresolved_models::{UNRESOLVED_MODELS, UnresolvedRow};
pub use view::{VIEWS, View};
