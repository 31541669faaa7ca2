//! What may go wrong, by what the caller can do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::uri::Location;

/// The cause of an error, in words for a user.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Looking up a bucket's Region.
    Connect,
    /// A page of a listing.
    List,
    /// Reading an object.
    Get,
    /// Writing an object.
    Put,
    /// Deleting an object.
    Delete,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect to",
            Self::List => "list",
            Self::Get => "read",
            Self::Put => "write",
            Self::Delete => "delete",
        })
    }
}

/// What may go wrong. Every text names the object and is clear without its source; print the
/// sources too (`{:#}` of `anyhow`) for the words of the service or the system.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such object.
    #[error("`{target}` does not exist")]
    NotFound {
        /// Where it was looked for, as a user would write it.
        target: String,
    },

    /// There is no such bucket.
    #[error("there is no bucket `{bucket}`")]
    BucketNotFound {
        /// Its name.
        bucket: String,
    },

    /// There is no such folder.
    #[error("there is no folder `{}`{}", path.display(), did_you_mean(meant.as_deref()))]
    FolderNotFound {
        /// As given.
        path: PathBuf,
        /// The location on S3 that may have been meant, see [`crate::Location::meant`].
        meant: Option<String>,
    },

    /// A folder was expected.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// As given.
        path: PathBuf,
    },

    /// The store cannot hold such a key: it would lead out of a folder, for example.
    #[error("`{key}` is not a key that {location} can hold: {reason}")]
    InvalidKey {
        /// As given.
        key: String,
        /// [`crate::Store::location`].
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The credentials are good, and may not do this.
    #[error("access denied: may not {operation} `{target}` ({code})")]
    AccessDenied {
        /// What was tried.
        operation: Operation,
        /// On what, as a user would write it.
        target: String,
        /// S3's code, such as `AccessDenied`.
        code: String,
        /// S3's message: whom it took the caller for, and which policy denied it.
        #[source]
        source: Option<Cause>,
    },

    /// No credentials were found, or they could not be fetched.
    #[error("no usable AWS credentials (tried {tried}); {hint}")]
    Credentials {
        /// Where they were looked for.
        tried: String,
        /// What to do about it.
        hint: &'static str,
        /// The message of the last provider.
        #[source]
        source: Option<Cause>,
    },

    /// AWS rejects the credentials: expired, unknown, a wrong secret.
    #[error("AWS rejects the credentials for `{target}` ({code}); {hint}")]
    CredentialsRejected {
        /// What they were used for, as a user would write it.
        target: String,
        /// S3's code, such as `ExpiredToken`.
        code: String,
        /// What to do about it.
        hint: &'static str,
        /// S3's message.
        #[source]
        source: Option<Cause>,
    },

    /// The profile that was asked for is not in the AWS configuration files.
    #[error("there is no AWS profile `{profile}`; {}", known_profiles(known))]
    NoSuchProfile {
        /// As given.
        profile: String,
        /// Those that there are, sorted.
        known: Vec<String>,
    },

    /// Something in the AWS settings cannot be used.
    #[error("the AWS settings cannot be used: {what}")]
    Settings {
        /// Which, and why.
        what: String,
        /// The cause.
        #[source]
        source: Option<Cause>,
    },

    /// The bucket is in another Region, and S3 does not say in which.
    #[error("bucket `{bucket}` is not in Region `{region}` ({code}); name its Region")]
    Region {
        /// Its name.
        bucket: String,
        /// The Region that was tried.
        region: String,
        /// S3's code, such as `PermanentRedirect`.
        code: String,
    },

    /// S3 asks for fewer requests, and went on to do so for all tries.
    #[error("S3 is throttling: could not {operation} `{target}` after {tries} tries ({code})")]
    Throttled {
        /// What was tried.
        operation: Operation,
        /// On what, as a user would write it.
        target: String,
        /// How often.
        tries: u32,
        /// S3's code, such as `SlowDown`.
        code: String,
    },

    /// The service failed, and went on to do so for all tries.
    #[error("S3 failed: could not {operation} `{target}` after {tries} tries ({code})")]
    ServiceFailed {
        /// What was tried.
        operation: Operation,
        /// On what, as a user would write it.
        target: String,
        /// How often.
        tries: u32,
        /// S3's code, such as `InternalError`.
        code: String,
        /// S3's message.
        #[source]
        source: Option<Cause>,
    },

    /// No connection, or no answer in time, for all tries.
    #[error("{endpoint} cannot be reached")]
    Unreachable {
        /// The endpoint, in words.
        endpoint: String,
        /// The system's message, such as `connection refused`.
        #[source]
        source: Option<Cause>,
    },

    /// The content breaks off, and could not be resumed.
    #[error("`{target}` broke off after {received_bytes} of {size_bytes} bytes")]
    Interrupted {
        /// Which, as a user would write it.
        target: String,
        /// How far it was read.
        received_bytes: u64,
        /// How long it should be.
        size_bytes: u64,
        /// Why the last try to go on failed.
        #[source]
        source: Option<Cause>,
    },

    /// The object was replaced while it was read.
    #[error("`{target}` was replaced while it was read")]
    Changed {
        /// Which, as a user would write it.
        target: String,
    },

    /// The deadline of a write passed before it was tried, or tried again.
    #[error("`{target}` was not written in time")]
    TooLate {
        /// Which, as a user would write it.
        target: String,
    },

    /// The object is in an archive (a storage class such as GLACIER) and must be restored first.
    #[error("`{target}` is archived{} and must be restored before it can be read",
        in_parentheses(storage_class.as_deref()))]
    Archived {
        /// Which, as a user would write it.
        target: String,
        /// Its storage class, and for one in Intelligent-Tiering its tier, if S3 gave them.
        storage_class: Option<String>,
    },

    /// A file or a folder cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's message.
        #[source]
        source: io::Error,
    },

    /// A file or a folder cannot be written.
    #[error("`{}` cannot be written", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// The system's message.
        #[source]
        source: io::Error,
    },

    /// The service cannot write on a condition.
    #[error("could not write `{target}`: {reason}")]
    NotConditional {
        /// What was to be written, as a user would write it.
        target: String,
        /// What the service does instead.
        reason: &'static str,
    },

    /// Anything else.
    #[error("could not {operation} `{target}`{}", in_parentheses(code.as_deref()))]
    Other {
        /// What was tried.
        operation: Operation,
        /// On what, as a user would write it.
        target: String,
        /// S3's code, if it gave one.
        code: Option<String>,
        /// What is known beyond that.
        #[source]
        source: Option<Cause>,
    },
}

impl Error {
    /// Whether an object is absent: which is often no error to the caller.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// There is no such folder; perhaps a bucket was meant.
    pub fn folder_not_found(path: PathBuf) -> Self {
        let meant = Location::Folder(path.clone()).meant();
        Self::FolderNotFound { path, meant }
    }

    /// Whether the same might succeed later, without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. }
                | Self::ServiceFailed { .. }
                | Self::Unreachable { .. }
                | Self::Interrupted { .. }
        )
    }

    /// Whether this is about one object alone, so that the next one may well be read.
    pub fn is_about_one_object(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::Changed { .. }
            | Self::Archived { .. }
            | Self::Interrupted { .. }
            | Self::InvalidKey { .. }
            | Self::Unreadable { .. } => true,
            Self::AccessDenied { operation, .. } => *operation == Operation::Get,
            _ => false,
        }
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

fn known_profiles(known: &[String]) -> String {
    match known {
        [] => "the AWS configuration files have none".to_owned(),
        known => format!("there are: {}", known.join(", ")),
    }
}

fn in_parentheses(code: Option<&str>) -> String {
    code.map(|code| format!(" ({code})")).unwrap_or_default()
}
