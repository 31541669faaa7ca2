//! How tests reach a server of theirs: with nothing from outside.

use std::time::Duration;

use s3_server::Server;
use store::{S3Options, StaticCredentials};

/// Credentials that any server takes, and a pause between tries that nobody notices.
pub(crate) fn options(server: &Server) -> S3Options {
    S3Options {
        endpoint_url: Some(server.url()),
        first_pause: Some(Duration::from_millis(1)),
        credentials: Some(StaticCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..S3Options::default()
    }
}
