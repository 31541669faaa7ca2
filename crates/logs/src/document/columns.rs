//! Records out of tables of SQL: rows of CSV, and rows as JSON objects. Names are spelled in any case there,
//! by Athena in small letters; times and nested values are printed otherwise than CloudTrail does.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::struct_text;
use crate::operation::is_bedrock;
use crate::reject::Rejection;
use crate::value::{is_json, unescaped};

/// The fields of a record that a table may have as columns.
pub(super) const COLUMNS: &[Column] = &[
    Column { name: "eventID", kind: Kind::Required },
    Column { name: "eventTime", kind: Kind::Time },
    Column { name: "eventSource", kind: Kind::Required },
    Column { name: "eventName", kind: Kind::Required },
    Column { name: "userIdentity", kind: Kind::Nested },
    Column { name: "awsRegion", kind: Kind::Text },
    Column { name: "sourceIPAddress", kind: Kind::Text },
    Column { name: "userAgent", kind: Kind::Text },
    Column { name: "errorCode", kind: Kind::Text },
    Column { name: "errorMessage", kind: Kind::Text },
    Column { name: "requestParameters", kind: Kind::Nested },
    Column { name: "additionalEventData", kind: Kind::Nested },
    Column { name: "requestID", kind: Kind::Text },
    Column { name: "recipientAccountId", kind: Kind::Text },
    Column { name: "vpcEndpointId", kind: Kind::Text },
    Column { name: "responseElements", kind: Kind::NestedOptional },
    Column { name: "addendum", kind: Kind::NestedOptional },
    Column { name: "tlsDetails", kind: Kind::NestedOptional },
    Column { name: "eventVersion", kind: Kind::Optional },
    Column { name: "eventType", kind: Kind::Optional },
    Column { name: "eventCategory", kind: Kind::Optional },
    Column { name: "readOnly", kind: Kind::Optional },
    Column { name: "managementEvent", kind: Kind::Optional },
    Column { name: "sharedEventID", kind: Kind::Optional },
    Column { name: "vpcEndpointAccountId", kind: Kind::Optional },
    Column { name: "sessionCredentialFromConsole", kind: Kind::Optional },
];

/// A field of a record as a column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds, and what it means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text, without which there is no call.
    Required,
    /// A time, without which there is no call.
    Time,
    /// A text. Without it something of the calls is null.
    Text,
    /// An object. Without it something of the calls is null.
    Nested,
    /// A text that most calls have none of, or that little is read of.
    Optional,
    /// An object of that kind.
    NestedOptional,
}

impl Kind {
    pub(super) fn is_required(self) -> bool {
        matches!(self, Kind::Required | Kind::Time)
    }

    pub(super) fn is_nested(self) -> bool {
        matches!(self, Kind::Nested | Kind::NestedOptional)
    }

    pub(super) fn is_optional(self) -> bool {
        matches!(self, Kind::Optional | Kind::NestedOptional)
    }
}

/// The column of a name, in any case: SQL does not care, and prints what was asked for.
pub(super) fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}

/// The members of nested elements whose names have capital letters: the schemas of CloudTrail Lake and of
/// Athena's table have them in small letters (CloudTrail user guide, "Supported SQL schemas").
const MEMBERS: &[&str] = &[
    "accessKeyId",
    "accountId",
    "cipherSuite",
    "clientProvidedHostHeader",
    "creationDate",
    "credentialId",
    "ec2IssuedInVpc",
    "ec2RoleDelivery",
    "federatedProvider",
    "identityProvider",
    "identityStoreArn",
    "inScopeOf",
    "invokedBy",
    "mfaAuthenticated",
    "onBehalfOf",
    "originalEventID",
    "principalId",
    "sessionContext",
    "sessionIssuer",
    "sourceIdentity",
    "tlsVersion",
    "updatedFields",
    "userId",
    "userName",
    "webIdFederationData",
];

/// The name of a member as CloudTrail spells it. One that is spelled with capital letters stays as it is.
pub(super) fn original_name(name: &str) -> &str {
    let is_small = name.bytes().all(|byte| !byte.is_ascii_uppercase());
    let known = MEMBERS.iter().find(|known| is_small && known.eq_ignore_ascii_case(name));
    known.copied().unwrap_or(name)
}

/// A record that is put together from the values of a row.
#[derive(Debug, Default)]
pub(super) struct Restored {
    members: Vec<String>,
    /// The first nested value that cannot be read.
    wrong: Option<Rejection>,
    is_bedrock: bool,
}

impl Restored {
    /// Adds a value that is printed as a text; an empty one is null.
    pub(super) fn add_text(&mut self, column: &Column, text: &str) {
        let Column { name, kind } = column;
        self.is_bedrock |= *name == "eventSource" && is_bedrock(text);
        match kind {
            _ if text.is_empty() => {}
            Kind::Time => self.add(name, &Value::from(time(text)).to_string()),
            kind if kind.is_nested() => match nested(name, text.trim()) {
                Ok(json) => self.add(name, &json),
                Err(wrong) => drop(self.wrong.get_or_insert(wrong)),
            },
            _ => self.add(name, &Value::from(text).to_string()),
        }
    }

    fn add(&mut self, name: &str, json: &str) {
        self.members.push(format!("{}:{json}", Value::from(name)));
    }

    /// The record as JSON.
    ///
    /// # Errors
    /// If a nested value cannot be read, and the record is Bedrock's: into others nobody looks.
    pub(super) fn finish(self) -> Result<String, Rejection> {
        match self.wrong.filter(|_| self.is_bedrock) {
            Some(wrong) => Err(wrong),
            None => Ok(format!("{{{}}}", self.members.join(","))),
        }
    }
}

/// The record that a JSON object with names in small letters is.
///
/// # Errors
/// As [`Restored::finish`], or if it is no JSON.
pub(super) fn restored(object: &str) -> Result<String, Rejection> {
    let fields = serde_json::from_str::<BTreeMap<String, &RawValue>>(object).map_err(|_| {
        let found = "an object that is no JSON".to_owned();
        Rejection { field: "record", expected: "an object", found }
    })?;
    let mut record = Restored::default();
    for (name, value) in fields {
        let json = value.get();
        match (column(&name), unescaped(json)) {
            (Some(column), Some(text)) => record.add_text(column, &text),
            (Some(column), None) if column.kind.is_nested() && json.starts_with('{') => {
                record.add(column.name, &with_original_names(json));
            }
            (Some(column), None) => record.add(column.name, json),
            (None, _) => record.add(&name, json),
        }
    }
    record.finish()
}

/// A time of SQL, `2026-08-01 12:00:00.000`, is in UTC: CloudTrail Lake's schema says so. Other times stay
/// as they are.
fn time(text: &str) -> String {
    let text = text.trim();
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    match plain.split_once(' ') {
        Some((date, time)) if !time.contains([' ', '+', '-', 'Z']) => format!("{date}T{time}Z"),
        _ => text.to_owned(),
    }
}

/// A nested value as JSON, which it is already, or as [`struct_text`] reads it.
fn nested(field: &'static str, text: &str) -> Result<String, Rejection> {
    if is_json(text) {
        return Ok(with_original_names(text));
    }
    struct_text::to_json(text).ok_or_else(|| {
        let expected = "JSON, or {key=value, …} without `, ` and `=` in values";
        Rejection { field, expected, found: "another text".to_owned() }
    })
}

/// The same JSON with the names of members as CloudTrail spells them. What is nested too deep for that
/// stays as it is.
fn with_original_names(json: &str) -> String {
    fn restore(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(name, value): (String, Value)| {
                    (original_name(&name).to_owned(), restore(value))
                };
                Value::Object(members.into_iter().map(member).collect())
            }
            other => other,
        }
    }
    serde_json::from_str(json).map_or_else(|_| json.to_owned(), |value| restore(value).to_string())
}
