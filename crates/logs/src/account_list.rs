//! What `aws organizations list-accounts` prints, taken as it is: the ids and names of accounts. E-mail
//! addresses are not read.

use bedrock::account::Problem;
use bedrock::{Account, Accounts};
use serde::Deserialize;

const EXPECTED: &str = "expected the output of `aws organizations list-accounts` or of \
     `list-accounts-for-parent`: {\"Accounts\": [{\"Id\": …, \"Name\": …}]}";

/// An output that cannot be used. Documents and accounts are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum AccountListError {
    /// No JSON, or of another shape.
    #[error("{EXPECTED}")]
    Json(#[source] serde_json::Error),
    /// JSON of something else.
    #[error("{EXPECTED}; found no Accounts in document {0}")]
    Other(usize),
    /// A page, and not the last one.
    #[error("document {0}: NextToken: this is one page of several")]
    Page(usize),
    /// An account without an ID.
    #[error("account {place} of document {document}: Id: missing")]
    NoId {
        /// The document.
        document: usize,
        /// The account in it.
        place: usize,
    },
    /// An account that cannot be used.
    #[error("account {place} of document {document}")]
    Account {
        /// The document.
        document: usize,
        /// The account in it.
        place: usize,
        /// What is wrong with it.
        #[source]
        problem: Problem,
    },
    /// Nothing is listed.
    #[error(transparent)]
    Empty(Problem),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    accounts: Option<Vec<Listed>>,
    next_token: Option<String>,
}

/// An account as the AWS CLI prints it. One that is closed or suspended is an account like any other: it has
/// calls of the time before.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: Option<String>,
    name: Option<String>,
}

/// Reads the output, or several of them one after the other. None says which organizational unit an account is
/// in.
///
/// # Errors
/// If the text is no such output, lists nothing, contradicts itself, or is one page of several without the last
/// one.
pub fn read(text: &str) -> Result<Accounts, AccountListError> {
    let mut accounts = Accounts::default();
    let (mut document, mut is_page) = (0, false);
    for output in serde_json::Deserializer::from_str(text).into_iter::<Output>() {
        let output = output.map_err(AccountListError::Json)?;
        document += 1;
        is_page = output.next_token.is_some_and(|token| !token.is_empty());
        let listed = output.accounts.ok_or(AccountListError::Other(document))?;
        for (index, Listed { id, name }) in listed.into_iter().enumerate() {
            let place = index + 1;
            let id = id.filter(|id| !id.is_empty());
            let id = id.ok_or(AccountListError::NoId { document, place })?;
            let account = Account::new(&id, &name.unwrap_or_default(), "");
            let added = account.and_then(|account| accounts.add(account));
            added.map_err(|problem| AccountListError::Account { document, place, problem })?;
        }
    }
    match (document, is_page) {
        (0, _) => Err(AccountListError::Other(1)),
        (_, true) => Err(AccountListError::Page(document)),
        _ if accounts.is_empty() => Err(AccountListError::Empty(Problem::Empty)),
        _ => Ok(accounts),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    /// As the AWS CLI prints it, with what it has besides.
    const PRINTED: &str = r#"{
        "Accounts": [
            {
                "Id": "444455556666",
                "Arn": "arn:aws:organizations::111122223333:account/o-abc/444455556666",
                "Email": "lab@example.com",
                "Name": "Lab ",
                "Status": "SUSPENDED",
                "JoinedMethod": "INVITED",
                "JoinedTimestamp": "2024-01-02T03:04:05.678000+00:00"
            },
            { "Id": "111122223333", "Email": "all@example.com", "Name": "Payments", "State": "CLOSED" }
        ]
    }"#;

    fn text(accounts: &Accounts) -> String {
        let text = |account: &Account| {
            format!("{} {:?} {:?}", account.account_id, account.name, account.ou)
        };
        accounts.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn output_of_the_aws_cli_gives_names_and_no_addresses() {
        let expected = r#"111122223333 Some("Payments") None; 444455556666 Some("Lab") None"#;
        assert_eq!(text(&read(PRINTED).expect("valid")), expected);
        // Once for each parent: an account may be in several files that were put together.
        let twice = format!("{PRINTED}\r\n{PRINTED}\n");
        assert_eq!(text(&read(&twice).expect("valid")), expected);
    }

    #[test]
    fn other_output_is_named_with_where_it_differs() {
        let page = r#"{"Accounts": [{"Id": "111122223333", "Name": "a"}], "NextToken": "t"}"#;
        for (json, expected) in [
            ("", "found no Accounts in document 1"),
            ("{\"Roots\": []}", "found no Accounts in document 1"),
            (r#"{"Accounts": []}"#, "expected at least one account, found none"),
            (
                r#"[{"Id": "111122223333"}]"#,
                "expected the output of `aws organizations list-accounts`",
            ),
            (r#"{"Accounts": [{"Id": 111122223333}]}"#, "line 1 column 33"),
            (
                r#"{"Accounts": [{"Id": "111122223333"}, {"Name": "a"}]}"#,
                "account 2 of document 1: Id: missing",
            ),
            (
                r#"{"Accounts": [{"Id": "1"}]}"#,
                "account 1 of document 1: account_id: expected 12 digits, found `1`",
            ),
            (
                r#"{"Accounts": [{"Id": "111122223333", "Name": "a"}, {"Id": "111122223333", "Name": "b"}]}"#,
                "account 2 of document 1: account 111122223333: expected one name, found `a` and `b`",
            ),
            (page, "document 1: NextToken: this is one page of several"),
            (r#"{"Accounts": [{"Id": "111122223333""#, "EOF while parsing"),
        ] {
            let error = read(json).expect_err(json);
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            let found = format!("{error}{source}");
            assert!(found.contains(expected), "{found}");
        }
        let last = page.replace(", \"NextToken\": \"t\"", "");
        assert!(read(&format!("{page}{last}")).is_ok(), "all pages");
    }
}
