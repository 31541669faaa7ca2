//! What a configuration of the Landing Zone Accelerator leaves open: `{{ name }}` in its YAML, `${NAME}` and
//! `${ACCEL_LOOKUP::…}` in its policies (`utils/lib/policy-replacements.ts` there). Variables of IAM
//! (`${aws:…}`) stay.

use std::collections::BTreeMap;

use super::{ACCOUNTS, optional};
use crate::intake::FileProblem;
use crate::intake::Folder;
use crate::intake::at::At;
use crate::intake::line_and_column;
use crate::intake::tree::Tree;
use crate::json::{Node, Value};
use crate::problem::{Position, Problem};
use crate::yaml::{self, Tags};

/// The names of what the accelerator makes, unless its installer was told others
/// (`accelerator/utils/app-utils.ts`).
const DEFAULTS: [(&str, &str); 6] = [
    ("ACCELERATOR_PREFIX", "AWSAccelerator"),
    ("ACCELERATOR_PREFIX_ND", "AWSAccelerator"),
    ("ACCELERATOR_PREFIX_LND", "awsaccelerator"),
    ("ACCELERATOR_DEFAULT_PREFIX_SHORTHAND", "AWSA"),
    ("ACCELERATOR_SSM_PREFIX", "/accelerator"),
    ("ACCELERATOR_NAME", "lza"),
];

/// The replacement for a value that is not known and does not matter.
const UNKNOWN: &str = "not-known";

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Replacements {
    /// Those of `replacements-config.yaml`.
    custom: BTreeMap<String, Custom>,
    /// Those that the accelerator has for policies.
    own: BTreeMap<&'static str, String>,
    accounts: BTreeMap<String, String>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Custom {
    Text(String),
    List(Vec<String>),
    /// A parameter of the Systems Manager, by its path.
    Parameter(String),
}

impl Replacements {
    /// Those of a configuration.
    pub(super) fn read(folder: &Folder<'_>, base: &str) -> Result<Self, FileProblem> {
        let mut found = Replacements::default();
        if let Some((file, yaml)) = optional(folder, &format!("{base}replacements-config.yaml"))? {
            for replacement in At::whole(&file, &yaml).list_of("globalReplacements")? {
                let key = replacement.need("key")?;
                let value = custom(&replacement)?;
                if found.custom.insert(key.text()?.to_owned(), value).is_some() {
                    return Err(
                        key.instead("each key once", &format!("a second `{}`", key.text()?))
                    );
                }
            }
        }
        let file = format!("{base}global-config.yaml");
        if folder.has(&file) {
            found.read_global(&file, &folder.read(&file)?)?;
        }
        Ok(found)
    }

    /// What the global configuration says: two of its many settings. What it leaves open elsewhere is of no
    /// concern.
    fn read_global(&mut self, file: &str, text: &str) -> Result<(), FileProblem> {
        let yaml = self.yaml_with(file, text, |_| Ok(Some(UNKNOWN.to_owned())))?;
        let global = At::whole(file, &yaml);
        let [region, role] =
            ["homeRegion", "managementAccountAccessRole"].map(|name| global.need(name));
        let (region, role) = (region?, role?);
        for at in [&region, &role] {
            if at.text()?.contains(UNKNOWN) {
                return Err(at.instead("a value without what is not known", at.text()?));
            }
        }
        let partition = match region.text()? {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        self.own.insert("PARTITION", partition.to_owned());
        self.own.insert("HOME_REGION", region.text()?.to_owned());
        self.own.insert("MANAGEMENT_ACCOUNT_ACCESS_ROLE", role.text()?.to_owned());
        Ok(())
    }

    /// Adds what the accounts and units say.
    pub(super) fn know(&mut self, accounts: &BTreeMap<String, String>, tree: &Tree) {
        self.accounts.clone_from(accounts);
        for (name, account) in [
            ("MANAGEMENT_ACCOUNT_ID", "Management"),
            ("AUDIT_ACCOUNT_ID", "Audit"),
            ("LOGARCHIVE_ACCOUNT_ID", "LogArchive"),
        ] {
            if let Some(id) = accounts.get(account).filter(|id| *id != account) {
                self.own.insert(name, id.clone());
            }
        }
        if let Some(id) = &tree.organization_id {
            self.own.insert("ORG_ID", id.clone());
        }
    }

    pub(super) fn notes(self) -> Vec<String> {
        self.notes
    }

    /// A file of the configuration, with what it leaves open.
    pub(super) fn yaml(&self, file: &str, text: &str) -> Result<Node, FileProblem> {
        self.yaml_with(file, text, Err)
    }

    fn yaml_with(
        &self,
        file: &str,
        text: &str,
        unknown: impl Fn(String) -> Result<Option<String>, String>,
    ) -> Result<Node, FileProblem> {
        // What is open in comments stays open.
        let is_comment = |line: &str| line.trim_start().starts_with('#');
        let lines = text.lines().map(|line| if is_comment(line) { "" } else { line });
        let text = lines.collect::<Vec<_>>().join("\n");
        let text = replaced(file, &text, "{{", "}}", |name| {
            let name = name.trim();
            if name.starts_with("resolve:") {
                return Ok(None);
            }
            match self.custom.get(name) {
                Some(Custom::Text(text)) => Ok(Some(text.clone())),
                // As a list becomes text in a template.
                Some(Custom::List(texts)) => Ok(Some(texts.join(","))),
                Some(Custom::Parameter(path)) => unknown(format!("the parameter {path}")),
                None => unknown(format!("{{{{{name}}}}}")),
            }
        })?;
        yaml::read(&text, Tags::Refused).map_err(|problem| FileProblem::new(file, problem))
    }

    /// A policy, with what it leaves open.
    pub(super) fn policy(&mut self, file: &str, text: &str) -> Result<String, FileProblem> {
        let mut notes = Vec::new();
        let text = replaced(file, text, "${", "}", |name| {
            if let Some(lookup) = name.strip_prefix("ACCEL_LOOKUP::") {
                return self.lookup(lookup).map(Some);
            }
            let is_own =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            if !is_own {
                // A variable of IAM, or one of the plain characters `${*}`.
                return Ok(None);
            }
            if let Some(value) = self.own.get(name) {
                return Ok(Some(value.clone()));
            }
            let default = DEFAULTS.iter().find(|(known, _)| *known == name);
            let (_, value) = default.ok_or_else(|| format!("${{{name}}}"))?;
            notes.push(format!("${{{name}}} is taken to be {value}, the default of the installer"));
            Ok(Some((*value).to_owned()))
        })?;
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(text)
    }

    fn lookup(&self, lookup: &str) -> Result<String, String> {
        let unknown = || Err(format!("${{ACCEL_LOOKUP::{lookup}}}"));
        let json = |texts: &[String]| {
            let texts = texts.iter().cloned().map(serde_json::Value::from).collect();
            serde_json::Value::Array(texts).to_string()
        };
        if let Some(key) = lookup.strip_prefix("CUSTOM:") {
            return match self.custom.get(key) {
                Some(Custom::Text(text)) => Ok(text.clone()),
                Some(Custom::List(texts)) => Ok(json(texts)),
                Some(Custom::Parameter(path)) => Err(format!("the parameter {path}")),
                None => unknown(),
            };
        }
        if let Some(name) = lookup.strip_prefix("ACCOUNT_ID:ACCOUNT:") {
            return match self.accounts.get(name).filter(|id| *id != name) {
                Some(id) => Ok(format!("\"{id}\"")),
                None => unknown(),
            };
        }
        unknown()
    }
}

fn custom(replacement: &At<'_>) -> Result<Custom, FileProblem> {
    let kind = replacement.member("type");
    let is_parameter = match &kind {
        None => true,
        Some(kind) => match kind.text()? {
            "SSM" => true,
            "String" | "StringList" | "Number" => false,
            _ => return Err(kind.not("SSM, String, StringList, or Number")),
        },
    };
    if is_parameter {
        return Ok(Custom::Parameter(replacement.need("path")?.text()?.to_owned()));
    }
    let value = replacement.need("value")?;
    match &value.node.value {
        Value::List(_) => {
            let texts = value.list()?;
            let texts = texts.iter().map(|text| Ok(text.text_or_number()?.to_owned()));
            Ok(Custom::List(texts.collect::<Result<_, FileProblem>>()?))
        }
        _ => Ok(Custom::Text(value.text_or_number()?.to_owned())),
    }
}

/// Replaces the names between `open` and `close` by their values; `None` leaves a name as it is.
fn replaced(
    file: &str,
    text: &str,
    open: &str,
    close: &str,
    mut of: impl FnMut(&str) -> Result<Option<String>, String>,
) -> Result<String, FileProblem> {
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(open) {
        let Some(length) = rest[place + open.len()..].find(close) else { break };
        let name = &rest[place + open.len()..place + open.len() + length];
        let end = place + open.len() + length + close.len();
        found.push_str(&rest[..place]);
        match of(name) {
            Ok(Some(value)) => found.push_str(&value),
            Ok(None) => found.push_str(&rest[place..end]),
            Err(unknown) => {
                let (line, column) = line_and_column(text, text.len() - rest.len() + place);
                let position = Position { line, column };
                let expected =
                    format!("replacements that the configuration has ({ACCOUNTS} and others)");
                return Err(FileProblem::new(
                    file,
                    Problem::new(position, "", &expected, &unknown),
                ));
            }
        }
        rest = &rest[end..];
    }
    found.push_str(rest);
    Ok(found)
}
