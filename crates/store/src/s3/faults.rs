//! Which failed requests are tried again, where the SDK does not know or knows too little.
//!
//! The SDK tries again what the service calls its own fault or too much, timeouts, and connections that cannot
//! be made, are reset, or are closed before the answer.

use std::io;

use aws_sdk_s3::config::interceptors::InterceptorContext;
use aws_sdk_s3::config::retry::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::s3::dns::Unresolved;
use crate::s3::error::{chain, find};

/// Whatever else may go wrong with a connection is tried again too: answers that are no HTTP, for example.
#[derive(Debug)]
pub(super) struct Unclassified;

/// Of the first request of all: faults that waiting does not mend are final. Later, the endpoint has been
/// reached, and the same may be a bad minute of a name server or a proxy.
#[derive(Debug)]
pub(super) struct NeverReached {
    pub(super) has_proxy: bool,
}

impl ClassifyRetry for Unclassified {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match connector_error(context) {
            Some(error) if error.is_other() && error.as_other().is_none() => {
                RetryAction::transient_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Unclassified"
    }
}

impl ClassifyRetry for NeverReached {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match connector_error(context) {
            Some(error)
                if find::<Unresolved>(error).is_some()
                    || is_tls(error)
                    || self.has_proxy && is_connect(error) =>
            {
                RetryAction::RetryForbidden
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "NeverReached"
    }
}

fn connector_error(context: &InterceptorContext) -> Option<&ConnectorError> {
    context.output_or_error()?.err()?.as_connector_error()
}

/// Whether the other end has no valid certificate, or does not speak TLS at all.
fn is_tls(error: &ConnectorError) -> bool {
    // One error of the system's holds another, past which its chain of sources goes.
    let outer = find::<io::Error>(error);
    let inner = outer.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref());
    inner.or(outer).is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::InvalidData)
}

/// Whether there is no connection: none to the proxy, or it makes none to the endpoint. Of the HTTP client's
/// errors, only the text says so.
fn is_connect(error: &ConnectorError) -> bool {
    chain(error).any(|error| error.to_string() == "client error (Connect)")
}
