//! The table `accounts`: what people call accounts. It has no days: one small file is replaced when the list
//! changes.

use std::io::Write;

use arrow::array::{Array, AsArray};
use bedrock::{Account, Accounts};
use bytes::Bytes;

use crate::column::{Column, Type, Value::Text, optional, required};
use crate::parquet::WriteError;
use crate::read::{ReadError, scan};
use crate::references::{References, Refers};
use crate::table::Table;

/// The table `accounts`.
pub static ACCOUNTS: Table<Account> = Table {
    name: "accounts",
    grain: "account",
    doc: "The names of accounts, from the list of --accounts. It has no partition: one small file, which run --accounts replaces; without such a run there is none.",
    is_by_day: false,
    columns: COLUMNS,
    order: |a, b| a.account_id.cmp(&b.account_id),
    refers: Refers::NOTHING,
};

const ID: &str = "account_id";
const NAME: &str = "name";
/// The column of organizational units, which is called so beside other columns, too.
pub(crate) const OU: &str = "ou";

const COLUMNS: &[Column<Account>] = &[
    required(
        ID,
        Text(|r| Some(&r.account_id)),
        "The ID of the account: 12 digits. Each is there once.",
    ),
    optional(NAME, Text(|r| r.name.as_deref()), "The name of the account, as in the list."),
    optional(
        OU,
        Text(|r| r.ou.as_deref()),
        "The organizational unit of the account, as the list calls it; null if the list does not say.",
    ),
];

/// What account names are called beside other columns.
pub(crate) const ACCOUNT_NAME: &str = "account_name";

/// What follows the name of a table or subquery with a column `account_id` in a `FROM`, so that `account_name`
/// and `ou` are columns, too. Each account has one row, whatever files there are: costs are never counted twice
/// for a name.
pub(crate) const JOIN: &str = "\
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id";

/// Writes the table into a sink, which it gives back: the same bytes for the same accounts.
///
/// # Errors
/// As [`crate::write`].
pub fn write<W: Write + Send>(accounts: &Accounts, sink: W) -> Result<W, WriteError> {
    let rows = accounts.iter().cloned().collect::<Vec<_>>();
    crate::write(&ACCOUNTS, References::default(), &rows, sink)
}

/// Reads the table.
///
/// # Errors
/// If the file is no such table, of a later schema than this build knows, damaged, or has an account that it
/// may not have.
pub fn read(file: &Bytes) -> Result<Accounts, ReadError> {
    let table = ACCOUNTS.name;
    let mut accounts = Accounts::default();
    scan(
        file.clone(),
        table,
        &[(ID, Type::Text), (NAME, Type::Text), (OU, Type::Text)],
        |batch| {
            let text = |column: &str, row: usize| {
                let texts = batch.column_by_name(column)?.as_string::<i32>();
                texts.is_valid(row).then(|| texts.value(row))
            };
            for row in 0..batch.num_rows() {
                let id = text(ID, row).unwrap_or_default();
                let [name, ou] = [NAME, OU].map(|column| text(column, row).unwrap_or_default());
                let invalid = |expected, found: String| ReadError::Value {
                    table,
                    column: ID,
                    expected,
                    found,
                };
                let account = Account::new(id, name, ou)
                    .map_err(|_| invalid("12 digits", format!("{id:?}")))?;
                if accounts.get(id).is_some() {
                    return Err(invalid("each account once", format!("{id} twice")));
                }
                accounts
                    .add(account)
                    .map_err(|problem| invalid("each account once", problem.to_string()))?;
            }
            Ok(())
        },
    )?;
    Ok(accounts)
}
