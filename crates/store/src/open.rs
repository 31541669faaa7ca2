//! From a location to a store.

use std::sync::Arc;

use crate::error::Error;
use crate::folder::Folder;
use crate::s3::{S3, S3Options};
use crate::store::Store;
use crate::uri::Location;

/// The store at a location that is read: it must exist.
///
/// # Errors
/// It does not exist; what [`S3::connect`] may say.
pub async fn open_source(
    location: &Location,
    options: &S3Options,
) -> Result<Arc<dyn Store>, Error> {
    match location {
        Location::S3 { bucket, prefix } => {
            Ok(Arc::new(S3::connect(bucket, prefix, options).await?))
        }
        Location::Folder(path) => Ok(Arc::new(Folder::open(path)?)),
    }
}

/// The store at a location that is written: a folder is made if it is missing, a bucket is not.
///
/// # Errors
/// It cannot be made; what [`S3::connect`] may say.
pub async fn open_destination(
    location: &Location,
    options: &S3Options,
) -> Result<Arc<dyn Store>, Error> {
    match location {
        Location::S3 { .. } => open_source(location, options).await,
        Location::Folder(path) => Ok(Arc::new(Folder::create(path)?)),
    }
}
