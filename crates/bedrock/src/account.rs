//! What people call accounts: their names, and the organizational units that they are in. Ids stay the key.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use csv::StringRecord;

use crate::csv_file::{self, Fields, FileError, LineProblem, read_rows};

const ID: &str = "account_id";
const NAME: &str = "name";
const OU: &str = "ou";

/// The most characters of a value that a message quotes.
const QUOTED_CHARS: usize = 60;

/// An account. It has no e-mail address: nothing needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its ID, of 12 digits.
    pub account_id: String,
    /// Its name, if one is known.
    pub name: Option<String>,
    /// Its organizational unit as the list calls it, if one is known.
    pub ou: Option<String>,
}

/// Accounts by ID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    by_id: BTreeMap<String, Account>,
}

/// A problem with one line of a list in CSV.
pub type Finding = csv_file::Finding<Problem>;

/// A list in CSV that cannot be used.
pub type AccountFileError = FileError<Problem>;

/// What can be wrong with an account of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The header lacks the key, or all else.
    #[error("expected the columns account_id and name or ou, found {found}")]
    Columns {
        /// The header.
        found: String,
    },
    /// What can be wrong in any CSV file.
    #[error(transparent)]
    Line(#[from] LineProblem),
    /// An ID of another form. Spreadsheets take leading zeros away.
    #[error("{ID}: expected 12 digits, found `{found}`")]
    Id {
        /// As found.
        found: String,
    },
    /// Two rows contradict each other.
    #[error("account {account_id}: expected one {column}, found `{first}` and `{second}`")]
    Conflict {
        /// The account.
        account_id: String,
        /// Of which of its values there are two.
        column: &'static str,
        /// The one that came first.
        first: String,
        /// The other.
        second: String,
    },
    /// Nothing is listed.
    #[error("expected at least one account, found none")]
    Empty,
}

impl Account {
    /// An account with what is known of it. White space around a name belongs to none.
    ///
    /// # Errors
    /// If the ID does not have 12 digits.
    pub fn new(account_id: &str, name: &str, ou: &str) -> Result<Self, Problem> {
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Problem::Id { found: quoted(account_id) });
        }
        let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Account { account_id: account_id.to_owned(), name: known(name), ou: known(ou) })
    }
}

impl Accounts {
    /// Reads a CSV file with the column `account_id`, and with `name`, `ou`, or both; others are ignored.
    ///
    /// # Errors
    /// If the text is no such file, lists nothing, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, AccountFileError> {
        let (rows, mut findings) = read_rows(text, check_header, |fields, line| {
            let name = |column| loose(fields, column);
            Ok::<_, Problem>((line, Account::new(fields.text(ID)?, name(NAME), name(OU))?))
        });
        let mut accounts = Accounts::default();
        for (line, account) in rows {
            if let Err(problem) = accounts.add(account) {
                findings.push(Finding { line, problem });
            }
        }
        if findings.is_empty() && accounts.is_empty() {
            findings.push(Finding { line: 1, problem: Problem::Empty });
        }
        findings.sort_by_key(|finding| finding.line);
        FileError::unless_empty(findings).map(|()| accounts)
    }

    /// Adds an account, or what is not known of it yet.
    ///
    /// # Errors
    /// If it is there with another name or organizational unit.
    pub fn add(&mut self, account: Account) -> Result<(), Problem> {
        let Account { account_id, name, ou } = account;
        let known = match self.by_id.entry(account_id.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Account { account_id, name, ou });
                return Ok(());
            }
            Entry::Occupied(entry) => entry.into_mut(),
        };
        for (column, known, found) in [(NAME, &mut known.name, name), (OU, &mut known.ou, ou)] {
            match (known.as_deref(), found) {
                (Some(first), Some(second)) if first != second => {
                    let (first, second) = (quoted(first), quoted(&second));
                    return Err(Problem::Conflict { account_id, column, first, second });
                }
                (None, found) => *known = found,
                (Some(_), _) => {}
            }
        }
        Ok(())
    }

    /// The account of this ID.
    pub fn get(&self, account_id: &str) -> Option<&Account> {
        self.by_id.get(account_id)
    }

    /// All accounts, in the order of their IDs.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_id.values()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

fn check_header(header: &StringRecord) -> Result<(), Problem> {
    let has = |column: &str| header.iter().any(|name| name == column);
    if has(ID) && (has(NAME) || has(OU)) {
        return Ok(());
    }
    let found = header.iter().collect::<Vec<_>>().join(",");
    Err(Problem::Columns {
        found: if found.is_empty() { "nothing".to_owned() } else { quoted(&found) },
    })
}

/// The text of a name, which may have white space around it; empty if the file does not have the column.
fn loose<'a>(fields: Fields<'a>, column: &str) -> &'a str {
    let place = fields.header.iter().position(|name| name == column);
    place.and_then(|place| fields.record.get(place)).unwrap_or_default()
}

/// The beginning of a value, for messages.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(accounts: &Accounts) -> Vec<String> {
        let text = |account: &Account| {
            let Account { account_id, name, ou } = account;
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!("{account_id} {} {}", or_none(name), or_none(ou))
        };
        accounts.iter().map(text).collect()
    }

    #[test]
    fn columns_are_read_by_name_and_others_ignored() {
        let csv = "ou,email,account_id,name\r\nProd,a@example.com,111122223333,\" Payments, EU \"\r\n\r\n\
                   ,,012345678901,\r\n,b@example.com,111122223333,\r\nLab,,444455556666,\u{1b}[2J\r\n";
        let expected =
            ["012345678901 - -", "111122223333 Payments, EU Prod", "444455556666 \u{1b}[2J Lab"];
        assert_eq!(texts(&Accounts::parse(csv).expect("valid")), expected);
        let ids_and_ous = Accounts::parse("account_id,ou\n111122223333,Prod\n").expect("valid");
        assert_eq!(texts(&ids_and_ous), ["111122223333 - Prod"]);
    }

    #[test]
    fn list_that_cannot_be_used_is_named_with_its_line() {
        let long = "x".repeat(10_000);
        for (csv, expected) in [
            ("", "line 1: expected the columns account_id and name or ou, found nothing"),
            (
                "Id,Name\n111122223333,a\n",
                "line 1: expected the columns account_id and name or ou, found Id,Name",
            ),
            (
                "account_id,email\n111122223333,a\n",
                "line 1: expected the columns account_id and name or ou, found account_id,email",
            ),
            ("account_id,name\n", "line 1: expected at least one account, found none"),
            ("account_id,name\n,a\n", "line 2: account_id: missing"),
            (
                "account_id,name\n\n12345678901,a\n1.11E+11,b\n",
                "line 3: account_id: expected 12 digits, found `12345678901` (and 1 more)",
            ),
            (
                "account_id,name\n 11112222333,a\n",
                "line 2: account_id: white space around the value",
            ),
            (
                "account_id,name\n１11122223333,a\n",
                "line 2: account_id: expected 12 digits, found `１11122223333`",
            ),
            ("account_id,name\n111122223333,a,b\n", "line 2: expected 2 fields, found 3"),
            (
                "account_id,name\n111122223333,a\n444455556666,c\n111122223333,b\n",
                "line 4: account 111122223333: expected one name, found `a` and `b`",
            ),
            (
                "account_id,ou\n111122223333,a\n111122223333,b\nx,\n",
                "line 3: account 111122223333: expected one ou, found `a` and `b` (and 1 more)",
            ),
            (
                &format!("account_id,name\n{long},a\n"),
                &format!("line 2: account_id: expected 12 digits, found `{}…`", &long[..60]),
            ),
        ] {
            let found = Accounts::parse(csv).expect_err(csv).to_string();
            assert_eq!(found, expected);
        }
    }
}
