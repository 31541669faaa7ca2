//! Values that calls have side by side in one attribute: what a record says of its caller beside the names, and
//! of the connection. They come together from call to call, so that each combination has one text, and a call
//! one number for all of them.

use crate::call::{Attribute, cut};

/// What ends a value in the text.
const END: char = '\0';

/// A value that shares its attribute with others.
///
/// To add one: a variant behind those of its attribute, in [`Part::ALL`]; `logs` reads it, a column of `tables`
/// shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The role or user that signed the request: the ARN of a role with its path, where `principal_arn` is that
    /// of a session.
    IamPrincipalArn,
    /// The account of the principal (`userIdentity.accountId`).
    PrincipalAccountId,
    /// The unique ID of the principal, without the name of a session.
    PrincipalId,
    /// Whether the credentials were temporary: `true`, `false`.
    IsTemporaryCredential,
    /// Whether the session was authenticated with MFA: `true`, `false`. None where a session that was not may as
    /// well lack the condition key: that of a role.
    MfaAuthenticated,
    /// The AWS service that made the request (`userIdentity.invokedBy`).
    InvokedBy,
    /// The source identity of the session.
    SourceIdentity,
    /// The identity provider of a session that it was begun with.
    FederatedProvider,
    /// The account that owns the VPC endpoint.
    VpcEndpointAccountId,
    /// Whether the credentials are those of a console session: `true`.
    IsFromConsole,
    /// The host that the request was sent to.
    EndpointHost,
    /// The version of TLS.
    TlsVersion,
}

/// How many values the attributes hold.
const N_CALLER: usize = Part::FederatedProvider as usize + 1;
const N_CONNECTION: usize = Part::ALL.len() - N_CALLER;

impl Part {
    /// Every value, in the order of the variants.
    pub const ALL: [Part; 12] = [
        Part::IamPrincipalArn,
        Part::PrincipalAccountId,
        Part::PrincipalId,
        Part::IsTemporaryCredential,
        Part::MfaAuthenticated,
        Part::InvokedBy,
        Part::SourceIdentity,
        Part::FederatedProvider,
        Part::VpcEndpointAccountId,
        Part::IsFromConsole,
        Part::EndpointHost,
        Part::TlsVersion,
    ];

    /// The attribute that holds it.
    pub fn attribute(self) -> Attribute {
        if (self as usize) < N_CALLER { Attribute::Caller } else { Attribute::Connection }
    }

    /// The value in a text of its attribute; `None` if it has none.
    pub fn of_text(self, text: &str) -> Option<&str> {
        let place = match self.attribute() {
            Attribute::Caller => self as usize,
            _ => self as usize - N_CALLER,
        };
        text.split(END).nth(place).filter(|value| !value.is_empty())
    }
}

/// What is said of a caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caller<'a> {
    /// See [`Part::IamPrincipalArn`]; the others likewise.
    pub iam_principal_arn: Option<&'a str>,
    /// The account.
    pub principal_account_id: Option<&'a str>,
    /// The unique ID.
    pub principal_id: Option<&'a str>,
    /// Whether the credentials were temporary.
    pub is_temporary_credential: Option<bool>,
    /// Whether the session was authenticated with MFA.
    pub mfa_authenticated: Option<bool>,
    /// The service that made the request.
    pub invoked_by: Option<&'a str>,
    /// The source identity.
    pub source_identity: Option<&'a str>,
    /// The identity provider.
    pub federated_provider: Option<&'a str>,
}

impl<'a> Caller<'a> {
    /// What a text says.
    pub fn of_text(text: &'a str) -> Self {
        let flag = |part: Part| part.of_text(text).map(|value| value == "true");
        Caller {
            iam_principal_arn: Part::IamPrincipalArn.of_text(text),
            principal_account_id: Part::PrincipalAccountId.of_text(text),
            principal_id: Part::PrincipalId.of_text(text),
            is_temporary_credential: flag(Part::IsTemporaryCredential),
            mfa_authenticated: flag(Part::MfaAuthenticated),
            invoked_by: Part::InvokedBy.of_text(text),
            source_identity: Part::SourceIdentity.of_text(text),
            federated_provider: Part::FederatedProvider.of_text(text),
        }
    }

    /// Its text; `None` if nothing is said. An empty value counts as none.
    pub fn text(&self) -> Option<String> {
        text::<N_CALLER>([
            self.iam_principal_arn,
            self.principal_account_id,
            self.principal_id,
            self.is_temporary_credential.map(word),
            self.mfa_authenticated.map(word),
            self.invoked_by,
            self.source_identity,
            self.federated_provider,
        ])
    }
}

/// What is said of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The account of the VPC endpoint.
    pub vpc_endpoint_account_id: Option<&'a str>,
    /// Whether the credentials are those of a console session.
    pub is_from_console: Option<bool>,
    /// The host.
    pub endpoint_host: Option<&'a str>,
    /// The version of TLS.
    pub tls_version: Option<&'a str>,
}

impl Connection<'_> {
    /// Its text; `None` if nothing is said. An empty value counts as none.
    pub fn text(&self) -> Option<String> {
        text::<N_CONNECTION>([
            self.vpc_endpoint_account_id,
            self.is_from_console.map(word),
            self.endpoint_host,
            self.tls_version,
        ])
    }
}

fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn text<const N: usize>(values: [Option<&str>; N]) -> Option<String> {
    let length = values.iter().flatten().map(|value| value.len()).sum::<usize>();
    if length == 0 {
        return None;
    }
    let mut text = String::with_capacity(length + N);
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            text.push(END);
        }
        let value = cut(value.unwrap_or_default());
        match value.contains(END) {
            true => text.push_str(&value.replace(END, "\u{fffd}")),
            false => text.push_str(value),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::call::MAX_TEXT_CHARS;

    #[test]
    fn parts_are_in_order_those_of_a_caller_first() {
        assert!(Part::ALL.iter().enumerate().all(|(place, part)| *part as usize == place));
        let of_caller = Part::ALL.iter().take_while(|part| part.attribute() == Attribute::Caller);
        assert_eq!(of_caller.count(), N_CALLER);
    }

    #[test]
    fn ends_are_replaced_long_values_cut_and_none_is_no_text() {
        let long = "x".repeat(MAX_TEXT_CHARS + 1);
        let said =
            Caller { invoked_by: Some("a\0b"), principal_id: Some(&long), ..Caller::default() };
        let text = said.text().expect("two values");
        assert_eq!(Part::InvokedBy.of_text(&text), Some("a\u{fffd}b"));
        assert_eq!(Part::PrincipalId.of_text(&text), Some(&long[1..]));
        assert_eq!(Caller::default().text(), None);
        assert_eq!(Connection { tls_version: Some(""), ..Connection::default() }.text(), None);
    }

    proptest! {
        #[test]
        fn values_come_back(
            texts in prop::collection::vec(prop::option::of("[a-c]{1,3}"), 9),
            flags in prop::collection::vec(prop::option::of(prop::bool::ANY), 3),
        ) {
            let text = |at: usize| texts[at].as_deref();
            let caller = Caller {
                iam_principal_arn: text(0),
                principal_account_id: text(1),
                principal_id: text(2),
                is_temporary_credential: flags[0],
                mfa_authenticated: flags[1],
                invoked_by: text(3),
                source_identity: text(4),
                federated_provider: text(5),
            };
            let connection = Connection {
                vpc_endpoint_account_id: text(6),
                is_from_console: flags[2],
                endpoint_host: text(7),
                tls_version: text(8),
            };
            let all = [caller.text(), connection.text()].map(Option::unwrap_or_default);
            prop_assert_eq!(Caller::of_text(&all[0]), caller);
            let flag = |at: usize| flags[at].map(word);
            let expected = [
                text(0), text(1), text(2), flag(0), flag(1), text(3), text(4), text(5),
                text(6), flag(2), text(7), text(8),
            ];
            for (part, expected) in Part::ALL.into_iter().zip(expected) {
                let of = usize::from(part.attribute() == Attribute::Connection);
                prop_assert_eq!(part.of_text(&all[of]), expected);
            }
        }
    }
}
