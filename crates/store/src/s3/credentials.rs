//! Credentials as they can be used: what was copied often ends with a newline.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// Gives the credentials of a provider without blanks around them, and refuses those that no header can
/// hold: the SDK would panic.
#[derive(Debug)]
pub(super) struct Trimmed(pub(super) SharedCredentialsProvider);

impl ProvideCredentials for Trimmed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { trimmed(&self.0.provide_credentials().await?) })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.fallback_on_interrupt()
    }
}

fn trimmed(given: &Credentials) -> Result<Credentials, CredentialsError> {
    let mut builder = Credentials::builder()
        .access_key_id(usable("access key ID", given.access_key_id())?)
        .secret_access_key(usable("secret access key", given.secret_access_key())?)
        .provider_name("hoptrail");
    let token = given.session_token().map(|token| usable("session token", token));
    builder.set_session_token(token.transpose()?);
    builder.set_expiry(given.expiry());
    builder.set_account_id(given.account_id().cloned());
    Ok(builder.build())
}

fn usable(name: &str, text: &str) -> Result<String, CredentialsError> {
    let text = text.trim();
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err(CredentialsError::invalid_configuration(format!(
            "the {name} has a character in it that is not visible ASCII"
        ))),
    }
}
