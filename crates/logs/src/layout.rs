//! Where CloudTrail and Bedrock put their log files, and what their keys say.
//!
//! CloudTrail: `[prefix/]AWSLogs/[o-xxxx/]<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<unique>.json.gz`
//! (CloudTrail user guide, "Finding your CloudTrail log files"). The dates are those of the delivery. Control
//! Tower puts the organization's id in front (`o-xxxx/AWSLogs/o-xxxx/<account>/…`). Copies and public data
//! sets leave names out at the front; others put folders of their own between a Region and its files.
//! Network activity events are in `CloudTrail-NetworkActivity/`, laid out alike.
//!
//! Digest files, beside `CloudTrail/`: see [`DigestName`](crate::digest::DigestName).
//!
//! Model invocation logs: `[prefix/]AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/<file>.json.gz`
//! (Bedrock user guide, "Monitor model invocation"), with bodies in `data/` beside the files.
//!
//! Which folders carry a day is listed at [`DateFolder`], for trails, Firehose, and Hive alike.

mod date;
mod file;
mod folder;
mod key;

pub use bedrock::region::is_region_shaped;
pub use date::{DateFolder, day_folder};
pub use file::{FileClass, FileName};
pub use folder::{
    is_account, is_error_output, is_in_sibling_folder, is_organization, is_other_service,
    reason_of_sibling,
};
pub use key::{Delivery, KeyParts};

/// The logs that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// CloudTrail's.
    CloudTrail,
    /// CloudTrail's digests of its own log files.
    Digest,
    /// Bedrock's model invocation logs.
    ModelInvocation,
}

impl LogKind {
    /// The names of an account's folders of these logs.
    pub fn folders(self) -> &'static [&'static str] {
        match self {
            LogKind::CloudTrail => &["CloudTrail", "CloudTrail-NetworkActivity"],
            LogKind::Digest => &["CloudTrail-Digest"],
            LogKind::ModelInvocation => &["BedrockModelInvocationLogs"],
        }
    }

    /// The name of an account's folder of these logs.
    pub fn folder(self) -> &'static str {
        self.folders()[0]
    }
}
