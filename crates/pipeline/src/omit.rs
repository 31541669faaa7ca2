//! Columns that are left empty because they were asked to be. Their values are let go before calls are held, with
//! what quotes them; only an error message, which says why a call was denied, is held until that is known.

use bedrock::call::MAX_TEXT_CHARS;
use bedrock::part::Caller;
use bedrock::{Attribute, Attributes, InternerFull, Texts};
use serde::Deserialize;

/// A column that may be left empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OmittedColumn {
    /// Of `denials`.
    Message,
    /// Of `invocations`, `denials`, and `batch_jobs`; `iam_principal_arn` with it.
    PrincipalArn,
    /// Of `invocations` and `attributed_costs`.
    RequestMetadata,
    /// Of `invocations` and `attributed_costs`. ARNs of sessions end with it, and `source_identity` names the same
    /// people.
    SessionName,
    /// Of `invocations`.
    SourceIp,
    /// Of `invocations`.
    UserAgent,
}

/// Columns that are left empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omitted(u8);

/// What takes the place of texts that quote what is omitted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Redacted {
    /// An error message without what is omitted of the caller; `None` if it quotes nothing of that.
    message: Option<String>,
    /// What else is said of the caller; `None` if nothing of it is omitted, or nothing is left.
    caller: Option<String>,
}

impl Redacted {
    /// Sets what is left, among texts of those that the attributes refer to.
    ///
    /// # Errors
    /// If there are too many texts.
    pub(crate) fn set(
        self,
        attributes: &mut Attributes,
        texts: &mut Texts,
    ) -> Result<(), InternerFull> {
        let Redacted { message, caller } = self;
        for (attribute, text) in [(Attribute::ErrorMessage, message), (Attribute::Caller, caller)] {
            if text.is_some() {
                texts.set(attributes, attribute, text.as_deref())?;
            }
        }
        Ok(())
    }
}

/// What stands in a message for the caller's ARN.
const OMITTED: &str = "(omitted)";

/// What the ARN of a session has in it.
const ASSUMED_ROLE: &str = ":assumed-role/";
const FEDERATED_USER: &str = ":federated-user/";

/// What follows the caller's ARN in messages, see [`bedrock::denial`].
const NOT_AUTHORIZED: &str = " is not authorized";

impl OmittedColumn {
    /// All of them, in the order of their names.
    pub const ALL: [OmittedColumn; 6] = [
        OmittedColumn::Message,
        OmittedColumn::PrincipalArn,
        OmittedColumn::RequestMetadata,
        OmittedColumn::SessionName,
        OmittedColumn::SourceIp,
        OmittedColumn::UserAgent,
    ];

    /// The name of the column.
    pub fn as_str(self) -> &'static str {
        match self {
            OmittedColumn::Message => "message",
            OmittedColumn::PrincipalArn => "principal_arn",
            OmittedColumn::RequestMetadata => "request_metadata",
            OmittedColumn::SessionName => "session_name",
            OmittedColumn::SourceIp => "source_ip",
            OmittedColumn::UserAgent => "user_agent",
        }
    }

    /// The column of a name, if it may be omitted.
    pub fn from_name(name: &str) -> Option<Self> {
        OmittedColumn::ALL.into_iter().find(|column| column.as_str() == name)
    }
}

impl FromIterator<OmittedColumn> for Omitted {
    fn from_iter<I: IntoIterator<Item = OmittedColumn>>(columns: I) -> Self {
        Omitted(columns.into_iter().fold(0, |all, column| all | 1 << column as u8))
    }
}

impl Omitted {
    /// Whether a column is one of them.
    pub fn has(self, column: OmittedColumn) -> bool {
        self.0 & (1 << column as u8) != 0
    }

    /// Their names, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        OmittedColumn::ALL
            .into_iter()
            .filter(move |column| self.has(*column))
            .map(OmittedColumn::as_str)
    }

    /// The columns of both.
    pub(crate) fn and(self, other: Omitted) -> Self {
        Omitted(self.0 | other.0)
    }

    /// The columns of these names. Unknown names, which a later version may have written, are ignored.
    pub(crate) fn of_names(names: &[String]) -> Self {
        names.iter().filter_map(|name| OmittedColumn::from_name(name)).collect()
    }

    /// Lets go of what is omitted in an event that is going to be held, and gives what takes its place.
    pub(crate) fn strip(self, attributes: &mut Attributes, texts: &Texts) -> Redacted {
        if self == Omitted::default() {
            return Redacted::default();
        }
        let all = *attributes;
        let redacted =
            Redacted { message: self.message(&all, texts), caller: self.caller(&all, texts) };
        let mut omit = |column, attribute| {
            if self.has(column) {
                attributes[attribute] = None;
            }
        };
        omit(OmittedColumn::SourceIp, Attribute::SourceIp);
        omit(OmittedColumn::UserAgent, Attribute::UserAgent);
        omit(OmittedColumn::PrincipalArn, Attribute::PrincipalArn);
        omit(OmittedColumn::SessionName, Attribute::SessionName);
        if self.has(OmittedColumn::SessionName) && quotes_session(&all, texts) {
            attributes[Attribute::PrincipalArn] = None;
        }
        if redacted.message.is_some() {
            attributes[Attribute::ErrorMessage] = None;
        }
        if self.is_of_caller() {
            attributes[Attribute::Caller] = None;
        }
        redacted
    }

    fn is_of_caller(self) -> bool {
        self.has(OmittedColumn::PrincipalArn) || self.has(OmittedColumn::SessionName)
    }

    /// What is said of the caller, without what is omitted.
    fn caller(self, attributes: &Attributes, texts: &Texts) -> Option<String> {
        let text = texts.get(attributes, Attribute::Caller).filter(|_| self.is_of_caller())?;
        let mut caller = Caller::of_text(text);
        if self.has(OmittedColumn::PrincipalArn) {
            caller.iam_principal_arn = None;
        }
        if self.has(OmittedColumn::SessionName) {
            caller.source_identity = None;
            let is_of_session = |arn: &&str| arn.contains(FEDERATED_USER);
            caller.iam_principal_arn = caller.iam_principal_arn.filter(|arn| !is_of_session(arn));
        }
        caller.text()
    }

    /// An error message without what is omitted of the caller; `None` if it quotes nothing of that.
    fn message(self, attributes: &Attributes, texts: &Texts) -> Option<String> {
        let is_omitted = self.has(OmittedColumn::PrincipalArn);
        if !self.is_of_caller() {
            return None;
        }
        let message = texts.get(attributes, Attribute::ErrorMessage)?;
        let is_session = attributes[Attribute::SessionName].is_some();
        if !is_omitted && !is_session && !message.contains(ASSUMED_ROLE) {
            return None;
        }
        let arn = texts.get(attributes, Attribute::PrincipalArn);
        let mut redacted =
            arn.map_or_else(|| message.to_owned(), |arn| message.replace(arn, OMITTED));
        // The record may lack the ARN, or have another one.
        if let Some(end) = redacted.find(NOT_AUTHORIZED) {
            let start = redacted[..end].rfind(char::is_whitespace).map_or(0, |space| space + 1);
            if redacted[start..end].contains("arn:") {
                redacted.replace_range(start..end, OMITTED);
            }
        }
        let redacted = without_cut_arn(&redacted).unwrap_or(redacted);
        (redacted != message).then_some(redacted)
    }
}

/// Whether the ARN of a caller has the name of its session in it. That of events which are no calls is known by its
/// form alone.
fn quotes_session(attributes: &Attributes, texts: &Texts) -> bool {
    let Some(arn) = texts.get(attributes, Attribute::PrincipalArn) else { return false };
    let session = texts.get(attributes, Attribute::SessionName);
    [ASSUMED_ROLE, FEDERATED_USER].iter().any(|session| arn.contains(session))
        || session.is_some_and(|session| arn.contains(session))
}

/// A message without an ARN at its end that was cut with it.
fn without_cut_arn(message: &str) -> Option<String> {
    let is_cut = message.chars().count() >= MAX_TEXT_CHARS;
    let last = message.rfind(char::is_whitespace).map_or(0, |space| space + 1);
    (is_cut && message[last..].contains("arn:")).then(|| format!("{}{OMITTED}", &message[..last]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sts::111122223333:assumed-role/app/ana";

    /// What is left of an event with an ARN, a session, and a message.
    fn left(omitted: &[OmittedColumn], event: [Option<&str>; 3]) -> [Option<String>; 3] {
        let all = [Attribute::PrincipalArn, Attribute::SessionName, Attribute::ErrorMessage];
        let (mut texts, mut attributes) = (Texts::default(), Attributes::default());
        for (attribute, text) in all.into_iter().zip(event) {
            texts.set(&mut attributes, attribute, text).expect("few texts");
        }
        let omitted = omitted.iter().copied().collect::<Omitted>();
        let redacted = omitted.strip(&mut attributes, &texts);
        redacted.set(&mut attributes, &mut texts).expect("few texts");
        all.map(|attribute| texts.get(&attributes, attribute).map(str::to_owned))
    }

    #[test]
    fn what_is_said_of_a_caller_loses_what_names_it() {
        use OmittedColumn::{PrincipalArn, SessionName, SourceIp};
        let role = "arn:aws:iam::111122223333:role/path/app";
        let federated = "arn:aws:sts::111122223333:federated-user/ana";
        let left = |omitted: &[OmittedColumn], arn| {
            let said = Caller {
                iam_principal_arn: Some(arn),
                principal_id: Some("AROAEXAMPLE"),
                source_identity: Some("ana"),
                ..Caller::default()
            };
            let (mut texts, mut attributes) = (Texts::default(), Attributes::default());
            let text = said.text();
            texts.set(&mut attributes, Attribute::Caller, text.as_deref()).expect("few texts");
            let omitted = omitted.iter().copied().collect::<Omitted>();
            let redacted = omitted.strip(&mut attributes, &texts);
            redacted.set(&mut attributes, &mut texts).expect("few texts");
            let left = Caller::of_text(texts.get(&attributes, Attribute::Caller)?);
            assert_eq!(left.principal_id, Some("AROAEXAMPLE"));
            Some((left.iam_principal_arn.is_some(), left.source_identity.is_some()))
        };
        assert_eq!(left(&[], role), Some((true, true)));
        assert_eq!(left(&[SourceIp], role), Some((true, true)));
        assert_eq!(left(&[PrincipalArn], role), Some((false, true)));
        assert_eq!(left(&[SessionName], role), Some((true, false)));
        assert_eq!(left(&[SessionName], federated), Some((false, false)));
        assert_eq!(left(&[SessionName, PrincipalArn], role), Some((false, false)));
    }

    #[test]
    fn what_quotes_an_omitted_caller_goes_with_it() {
        use OmittedColumn::{PrincipalArn, SessionName, SourceIp};
        let message = format!("User: {ARN} is not authorized to perform: a:b (role/app/ana)");
        let event = [Some(ARN), Some("ana"), Some(message.as_str())];
        let redacted = "User: (omitted) is not authorized to perform: a:b (role/app/ana)";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(left(&[SourceIp], event), event.map(|text| text.map(str::to_owned)));
        assert_eq!(left(&[PrincipalArn], event), [None, some("ana"), some(redacted)]);
        assert_eq!(left(&[SessionName], event), [None, None, some(redacted)]);
        // The record has no ARN, or another one.
        let other = "arn:aws:iam::111122223333:role/app";
        for arn in [None, Some(other)] {
            let event = [arn, Some("ana"), Some(message.as_str())];
            for column in [PrincipalArn, SessionName] {
                assert_eq!(left(&[column], event)[2], some(redacted), "{arn:?}");
            }
        }
        // The form of an ARN tells a session, too, where nothing else does.
        for arn in [ARN, "arn:aws:sts::111122223333:federated-user/ana"] {
            assert_eq!(left(&[SessionName], [Some(arn), None, None]), [None, None, None]);
        }
        // An ARN that was cut with its message.
        let begun = &ARN[..ARN.len() - 1];
        let before = "x".repeat(MAX_TEXT_CHARS - " User: ".len() - begun.len());
        let long = format!("{before} User: {begun}");
        let cut = format!("{before} User: (omitted)");
        assert_eq!(left(&[SessionName], [Some(ARN), Some("ana"), Some(&long)])[2], Some(cut));
        // An ARN without a session stays.
        let user = [Some(other), None, Some("throttled")];
        assert_eq!(left(&[SessionName], user), user.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn names_are_in_order_and_tell_the_columns() {
        assert!(OmittedColumn::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()));
        for column in OmittedColumn::ALL {
            let omitted = [column].into_iter().collect::<Omitted>();
            assert!(omitted.names().eq([column.as_str()]));
        }
    }
}
