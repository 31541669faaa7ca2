//! Which column of a CSV has the references, and what is between columns.

use crate::exit::Failure;

/// The columns that are taken if none is named, in this order: letters and digits only, in lower case.
const KNOWN: [&str; 10] = [
    "modelref",
    "modelid",
    "requestparametersmodelid",
    "model",
    "modelarn",
    "inferenceprofilearn",
    "inferenceprofileid",
    // Cost and Usage Report, and FOCUS.
    "lineitemresourceid",
    "resourceid",
    "requestparametersmodelarn",
];

/// What may be between columns.
const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];

/// A column of a CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name in the header.
    pub(super) name: String,
    /// Its place, from 0.
    pub(super) place: usize,
    /// What is between columns.
    pub(super) delimiter: u8,
}

/// The column with the references, by the first line of a text that is not blank; `None` if the text is no CSV, but has a
/// reference on each line.
///
/// # Errors
/// If there is no column of this name, or none that is known in what looks like the header of a CSV.
pub(super) fn of_header(line: &str, asked: Option<&str>) -> Result<Option<Column>, Failure> {
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(line.as_bytes());
    let header = reader.records().next().transpose()?.unwrap_or_default();
    let names = header.iter().map(str::trim).collect::<Vec<_>>();
    let column = |place: usize| Column { name: names[place].to_owned(), place, delimiter };
    let listed = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(asked) = asked {
        let is_asked = |name: &&str| name.eq_ignore_ascii_case(asked.trim());
        let exact = names.iter().position(|name| *name == asked);
        let place = exact.or_else(|| names.iter().position(is_asked));
        return place.map(|place| Some(column(place))).ok_or_else(|| {
            Failure::usage(format!(
                "--column: standard input has no column `{asked}`; it has {}",
                listed()
            ))
        });
    }
    let plain = names.iter().map(|name| plain(name)).collect::<Vec<_>>();
    let known = KNOWN.iter().find_map(|known| plain.iter().position(|name| name == known));
    if let Some(place) = known {
        return Ok(Some(column(place)));
    }
    if names.len() > 1 {
        return Err(Failure::usage(format!(
            "standard input looks like CSV, and no column has a name that references usually have; name one with \
             --column: it has {}",
            listed()
        )));
    }
    Ok(None)
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, asked: Option<&str>) -> String {
        match of_header(line, asked) {
            Ok(Some(Column { name, place, delimiter })) => {
                format!("{name} {place} {:?}", char::from(delimiter))
            }
            Ok(None) => "lines".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn column_follows_from_the_header() {
        for (line, expected) in [
            ("modelId", "modelId 0 ','"),
            ("\"model_id\",\"n\"", "model_id 0 ','"),
            ("n,model_id", "model_id 1 ','"),
            ("model,model_ref", "model_ref 1 ','"),
            ("n\tModel ID", "Model ID 1 '\\t'"),
            ("n;requestParameters.modelId", "requestParameters.modelId 1 ';'"),
            ("bill/PayerAccountId,lineItem/ResourceId", "lineItem/ResourceId 1 ','"),
            ("us.anthropic.claude-sonnet-4-6", "lines"),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "lines"),
        ] {
            assert_eq!(found(line, None), expected, "{line}");
        }
        let without = found("a,b", None);
        assert!(without.ends_with("it has `a`, `b`"), "{without}");
    }

    #[test]
    fn column_that_is_asked_for_comes_first() {
        assert_eq!(found("model_id,Ref", Some("Ref")), "Ref 1 ','");
        assert_eq!(found("model_id,Ref", Some("ref")), "Ref 1 ','");
        assert_eq!(found("ref,Ref", Some("Ref")), "Ref 1 ','");
        let without = found("model_id,Ref", Some("x"));
        assert_eq!(without, "--column: standard input has no column `x`; it has `model_id`, `Ref`");
    }
}
