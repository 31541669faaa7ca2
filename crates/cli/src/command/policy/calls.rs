//! The calls to simulate: a grid of options, or JSON lines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use bedrock::arn::Arn;
use bedrock::{Catalog, Knowledge, Regions};
use policy::{KeyState, OPERATIONS, Operation, Principal};
use serde::Deserialize;
use serde_json::Value;

use crate::args::SimulatedCallArgs;
use crate::exit::Failure;
use crate::region;

/// A call, as it was asked for.
#[derive(Debug, Clone)]
pub(super) struct AskedCall {
    /// The file and line that it was read from.
    pub(super) place: Option<String>,
    pub(super) id: Option<String>,
    pub(super) operation: &'static Operation,
    pub(super) model_ref: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) principal: Option<Principal>,
    pub(super) has_api_key: Option<bool>,
    pub(super) given: Vec<(String, KeyState)>,
}

/// A line of `--calls`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model_ref: Cow<'a, str>,
    #[serde(borrow)]
    region: Option<Cow<'a, str>>,
    #[serde(borrow)]
    account: Option<Cow<'a, str>>,
    #[serde(borrow)]
    principal_arn: Option<Cow<'a, str>>,
    api_key: Option<bool>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    present: Vec<String>,
}

/// The calls of the options: each reference from each Region by each account.
///
/// # Errors
/// If an option is invalid, or a Region or an account is missing.
pub(super) fn grid(
    model_refs: &[String],
    regions: Option<&str>,
    args: &SimulatedCallArgs,
    knowledge: &Knowledge,
) -> Result<Vec<AskedCall>, Failure> {
    let operation =
        operation(&args.operation).map_err(|it| Failure::usage(format!("--operation: {it}")))?;
    let principal = args.principal.as_deref().map(principal).transpose();
    let principal = principal.map_err(|it| Failure::usage(format!("--principal: {it}")))?;
    let given = given_by(args)?;
    let regions = regions.map(|it| it.split(',').map(str::to_owned).collect::<Vec<_>>());
    let given_regions = regions.unwrap_or_default();
    for region in &given_regions {
        region::check("--region", region, &knowledge.regions)?;
        check_region(region, &knowledge.regions)
            .map_err(|it| Failure::usage(format!("--region: {it}")))?;
    }
    let mut calls = Vec::new();
    for model_ref in model_refs {
        let regions = if given_regions.is_empty() {
            let region = region_of(model_ref, &knowledge.catalog).ok_or_else(|| {
                Failure::usage(format!(
                    "expected --region for `{model_ref}`, which is no ARN with a Region"
                ))
            })?;
            check_region(&region, &knowledge.regions)
                .map_err(|it| Failure::usage(format!("`{model_ref}`: {it}")))?;
            vec![region]
        } else {
            given_regions.clone()
        };
        for region in &regions {
            for account in accounts(args, principal.as_ref())? {
                calls.push(AskedCall {
                    place: None,
                    id: None,
                    operation,
                    model_ref: model_ref.clone(),
                    region: region.clone(),
                    account,
                    principal: principal.clone(),
                    has_api_key: Some(args.api_key),
                    given: given.clone(),
                });
            }
        }
    }
    Ok(calls)
}

/// The states of the keys that the options give.
///
/// # Errors
/// If an option is invalid, or a key is in two of them.
pub(super) fn given_by(args: &SimulatedCallArgs) -> Result<Vec<(String, KeyState)>, Failure> {
    given_of(&args.context, &args.absent, &args.present)
}

/// The same of these options.
///
/// # Errors
/// If an option is invalid, or a key is in two of them.
pub(super) fn given_of(
    context: &[String],
    absent: &[String],
    present: &[String],
) -> Result<Vec<(String, KeyState)>, Failure> {
    let context = context.iter().map(|text| {
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        let expected = || Failure::usage(format!("--context: expected KEY=VALUE, found `{text}`"));
        pair.map(|(key, value)| (key.to_owned(), value.to_owned())).ok_or_else(expected)
    });
    let given = given(context.collect::<Result<Vec<_>, _>>()?, absent, present);
    let given = given.map_err(Failure::usage)?;
    Ok(given)
}

fn accounts(
    args: &SimulatedCallArgs,
    principal: Option<&Principal>,
) -> Result<Vec<String>, Failure> {
    let accounts = match (args.account.is_empty(), principal) {
        (true, Some(principal)) => vec![principal.account.clone()],
        (true, None) => return Err(Failure::usage("expected --account, or --principal with one")),
        (false, _) => args.account.clone(),
    };
    for account in &accounts {
        check_account(account, principal)
            .map_err(|it| Failure::usage(format!("--account: {it}")))?;
    }
    Ok(accounts)
}

impl<'a> Line<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// If it is no such object.
    pub(super) fn read(line: &'a str) -> Result<Self, String> {
        serde_json::from_str::<Line<'_>>(line).map_err(|error| {
            let error = error.to_string();
            let problem = error.split(" at line ").next().unwrap_or_default();
            wrong_member(line)
                .unwrap_or_else(|| format!("expected a call as a JSON object: {problem}"))
        })
    }

    /// Writes all that it says but the ID: lines that agree in it are answered alike.
    pub(super) fn write_key(&self, key: &mut String) {
        let others = [&self.event_name, &self.region, &self.account, &self.principal_arn];
        let others = others.into_iter().map(Option::as_deref);
        for text in std::iter::once(Some(&*self.model_ref)).chain(others) {
            match text {
                // With its length, so that no two lists of texts look alike.
                Some(text) => {
                    // Writing to a string cannot fail.
                    let _ = write!(key, "{}:{text}", text.len());
                }
                None => key.push('-'),
            }
        }
        let _ = write!(key, "{:?}", self.api_key);
        if !self.context.is_empty() || !self.absent.is_empty() || !self.present.is_empty() {
            let _ = write!(key, "{:?}{:?}{:?}", self.context, self.absent, self.present);
        }
    }

    /// The call.
    ///
    /// # Errors
    /// If something is missing or invalid.
    pub(super) fn call(self, knowledge: &Knowledge) -> Result<AskedCall, String> {
        let operation = operation(self.event_name.as_deref().unwrap_or("Converse"))
            .map_err(|problem| format!("event_name: {problem}"))?;
        let principal = self.principal_arn.as_deref().map(principal).transpose();
        let principal = principal.map_err(|problem| format!("principal_arn: {problem}"))?;
        let of_principal = || principal.as_ref().map(|it| it.account.clone());
        let account = self.account.map(Cow::into_owned).or_else(of_principal);
        let account = account.ok_or("expected account, or principal_arn with one")?;
        check_account(&account, principal.as_ref())
            .map_err(|problem| format!("account: {problem}"))?;
        let region = self.region.map(Cow::into_owned);
        let region = region.or_else(|| region_of(&self.model_ref, &knowledge.catalog));
        let region =
            region.ok_or("region: expected the code of an AWS Region, such as us-east-1")?;
        check_region(&region, &knowledge.regions)
            .map_err(|problem| format!("region: {problem}"))?;
        let mut context = Vec::new();
        for (key, value) in self.context {
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            for value in values {
                let text = match value {
                    Value::String(text) => text,
                    Value::Bool(_) | Value::Number(_) => value.to_string(),
                    _ => return Err(format!("context: {key}: expected texts, found `{value}`")),
                };
                context.push((key.clone(), text));
            }
        }
        Ok(AskedCall {
            place: None,
            id: self.id.map(Cow::into_owned),
            operation,
            model_ref: self.model_ref.into_owned(),
            region,
            account,
            principal,
            has_api_key: self.api_key,
            given: given(context, &self.absent, &self.present)?,
        })
    }
}

/// The member of a line that has a value of another type, and what was expected.
fn wrong_member(text: &str) -> Option<String> {
    let members = serde_json::from_str::<BTreeMap<String, Value>>(text).ok()?;
    members.into_iter().find_map(|(name, value)| {
        let expected = match name.as_str() {
            "account" if !value.is_string() => "a text of 12 digits",
            "id" | "event_name" | "model_ref" | "region" | "principal_arn"
                if !value.is_string() =>
            {
                "a text"
            }
            "api_key" if !value.is_boolean() => "true, false, or null",
            "context" if !value.is_object() => "an object",
            "absent" | "present"
                if !value.as_array().is_some_and(|keys| keys.iter().all(Value::is_string)) =>
            {
                "a list of texts"
            }
            _ => return None,
        };
        // Null is the same as none, where a line need not have a member.
        let found = match &value {
            Value::Null
                if !["model_ref", "context", "absent", "present"].contains(&name.as_str()) =>
            {
                return None;
            }
            Value::Null => "null".to_owned(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        Some(format!("{name}: expected {expected}, found {found}"))
    })
}

/// Destinations and partitions are known for the Regions of the catalog; a call from elsewhere is a slip.
pub(super) fn check_region(region: &str, regions: &Regions) -> Result<(), String> {
    if regions.get(region).is_some() {
        return Ok(());
    }
    let meant = region::did_you_mean(&regions.meant(region));
    let new = if bedrock::region::is_region_shaped(region) {
        " (a Region that is new is added by --catalog-add)"
    } else {
        ""
    };
    Err(format!(
        "expected the code of an AWS Region{new}, such as us-east-1, found `{region}`{meant}"
    ))
}

fn operation(name: &str) -> Result<&'static Operation, String> {
    Operation::find(name).ok_or_else(|| {
        let known = OPERATIONS.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        format!("expected one of {known}, found `{name}`")
    })
}

pub(super) fn principal(text: &str) -> Result<Principal, String> {
    let expected =
        || format!("expected the ARN of a role, a user, a session, or a root user, found `{text}`");
    Principal::parse(text).ok_or_else(expected)
}

pub(super) fn check_account(account: &str, principal: Option<&Principal>) -> Result<(), String> {
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("expected 12 digits, found `{account}`"));
    }
    match principal.filter(|principal| principal.account != account) {
        Some(other) => {
            Err(format!("expected {}, that of the principal, found {account}", other.account))
        }
        None => Ok(()),
    }
}

/// The Region of an ARN.
fn region_of(model_ref: &str, catalog: &Catalog) -> Option<String> {
    let reference = catalog.read(model_ref);
    let arn = Arn::parse(&reference.text)?;
    (!arn.region.is_empty()).then(|| arn.region.to_owned())
}

/// The states of the keys that were given, each of which has one.
fn given(
    context: Vec<(String, String)>,
    absent: &[String],
    present: &[String],
) -> Result<Vec<(String, KeyState)>, String> {
    let mut states = Vec::<(String, KeyState)>::new();
    for (key, value) in context {
        if let Some(expected) = policy::key::expected_value(&key, &value) {
            return Err(format!("{key}: expected {expected}, found `{value}`"));
        }
        let known = states.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&key));
        match known {
            Some((_, KeyState::Values(values))) => values.push(value),
            _ => states.push((key, KeyState::value(value))),
        }
    }
    let absent = absent.iter().map(|key| (key, KeyState::Absent));
    for (key, state) in absent.chain(present.iter().map(|key| (key, KeyState::Present))) {
        if states.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
            return Err(format!(
                "expected each key in one of context, absent, and present, found {key} in two"
            ));
        }
        states.push((key.clone(), state));
    }
    Ok(states)
}
