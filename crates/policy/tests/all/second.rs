//! A second evaluator: plain recursion over JSON, two values, every key known. It shares no code with the
//! crate.

use std::collections::BTreeMap;

use serde_json::Value;

/// Keys in lower case with their values; a key that is not in it is absent.
pub(crate) type Keys = BTreeMap<String, Vec<String>>;

/// Whether levels of documents allow a request.
pub(crate) fn allows(levels: &[Vec<Value>], action: &str, resource: &str, keys: &Keys) -> bool {
    let applying = |documents: &Vec<Value>, effect: &str| {
        documents.iter().any(|document| {
            let has_variables = document["Version"] == "2012-10-17";
            list(&document["Statement"]).into_iter().any(|statement| {
                statement["Effect"] == effect
                    && applies(statement, has_variables, action, resource, keys)
            })
        })
    };
    !levels.iter().any(|documents| applying(documents, "Deny"))
        && levels.iter().all(|documents| applying(documents, "Allow"))
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list(value).into_iter().map(text).collect()
}

fn applies(
    statement: &Value,
    has_variables: bool,
    action: &str,
    resource: &str,
    keys: &Keys,
) -> bool {
    let is_action = |pattern: &String| {
        let pattern = wild(&pattern.to_lowercase());
        like(&pattern, &action.to_lowercase().chars().collect::<Vec<_>>())
    };
    let actions = match &statement["NotAction"] {
        Value::Null => texts(&statement["Action"]).iter().any(is_action),
        not => !texts(not).iter().any(is_action),
    };
    let (listed, is_not) = match &statement["NotResource"] {
        Value::Null => (&statement["Resource"], false),
        not => (not, true),
    };
    let mut any = false;
    for pattern in texts(listed) {
        let Some(pattern) = replaced(&pattern, has_variables, keys) else { return false };
        any |= resource_like(&pattern, &resource.chars().collect::<Vec<_>>(), 0);
    }
    let conditions = match statement["Condition"].as_object() {
        None => true,
        Some(operators) => operators.iter().all(|(operator, tests)| {
            tests.as_object().unwrap().iter().all(|(key, values)| {
                holds(operator, keys.get(&key.to_lowercase()), &texts(values), has_variables, keys)
            })
        }),
    };
    actions && any != is_not && conditions
}

fn holds(
    operator: &str,
    found: Option<&Vec<String>>,
    values: &[String],
    has_variables: bool,
    keys: &Keys,
) -> bool {
    let (quantifier, name) = operator.split_once(':').unwrap_or(("", operator));
    let (name, if_exists) = match name.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name == "Null" {
        return values.iter().any(|value| (value == "true") == found.is_none());
    }
    let takes_variables = name.starts_with("String") || name.starts_with("Arn");
    let mut patterns = Vec::new();
    for value in values {
        match replaced(value, has_variables && takes_variables, keys) {
            Some(pattern) => patterns.push((value.as_str(), pattern)),
            None => return false,
        }
    }
    let is_negated = name.contains("Not");
    let positive = name.replace("Not", "");
    let one = |value: &String| {
        let any = patterns.iter().any(|(text, pattern)| compares(&positive, value, text, pattern));
        any != is_negated
    };
    let Some(found) = found else {
        return if_exists
            || match quantifier {
                "ForAllValues" => true,
                "ForAnyValue" => false,
                _ => is_negated,
            };
    };
    match quantifier {
        "ForAllValues" => found.iter().all(one),
        "ForAnyValue" => found.iter().any(one),
        _ => one(&found[0]),
    }
}

type Pattern = Vec<(char, bool)>;

fn compares(name: &str, value: &str, text: &str, pattern: &Pattern) -> bool {
    let chars = value.chars().collect::<Vec<_>>();
    let plain = pattern.iter().map(|(c, _)| *c).collect::<String>();
    let number = |text: &str| text.parse::<i64>().unwrap();
    match name {
        "StringEquals" => plain == value,
        "StringEqualsIgnoreCase" => plain.to_lowercase() == value.to_lowercase(),
        "StringLike" => like(pattern, &chars),
        "ArnEquals" | "ArnLike" => {
            let parts = parts(pattern, |(c, _)| *c == ':');
            let own = self::parts(&chars, |c| *c == ':');
            parts.len() == 6
                && own.len() == 6
                && parts.iter().zip(&own).all(|(pattern, text)| like(pattern, text))
        }
        "Bool" => text.to_lowercase() == value.to_lowercase(),
        "NumericEquals" => number(value) == number(text),
        "NumericLessThan" => number(value) < number(text),
        "NumericGreaterThanEquals" => number(value) >= number(text),
        "IpAddress" => {
            let (network, bits) = text.split_once('/').unwrap();
            let bits = bits.parse::<u32>().unwrap();
            let of = |text: &str| u32::from(text.parse::<std::net::Ipv4Addr>().unwrap());
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or_default();
            of(value) & mask == of(network) & mask
        }
        other => panic!("{other}"),
    }
}

/// At most six parts; the last one has the other colons.
fn parts<T: Clone>(text: &[T], is_colon: impl Fn(&T) -> bool) -> Vec<Vec<T>> {
    let mut parts = vec![Vec::new()];
    for item in text {
        if is_colon(item) && parts.len() < 6 {
            parts.push(Vec::new());
        } else {
            parts.last_mut().unwrap().push(item.clone());
        }
    }
    parts
}

fn wild(text: &str) -> Pattern {
    text.chars().map(|c| (c, true)).collect()
}

/// With the values of the variables; `None` if one has none.
fn replaced(text: &str, has_variables: bool, keys: &Keys) -> Option<Pattern> {
    let Some((before, after)) = text.split_once("${").filter(|_| has_variables) else {
        return Some(wild(text));
    };
    let (inner, after) = after.split_once('}').unwrap();
    let (key, default) = match inner.split_once(", ") {
        Some((key, default)) => (key, Some(default.replace('\'', ""))),
        None => (inner, None),
    };
    let value = match key {
        "*" | "?" | "$" => key.to_owned(),
        _ => keys.get(&key.to_lowercase()).map(|values| values[0].clone()).or(default)?,
    };
    let mut pattern = wild(before);
    pattern.extend(value.chars().map(|c| (c, false)));
    pattern.extend(replaced(after, has_variables, keys)?);
    Some(pattern)
}

fn like(pattern: &[(char, bool)], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        ([('*', true), rest @ ..], _) => {
            like(rest, text) || !text.is_empty() && like(pattern, &text[1..])
        }
        ([('?', true), rest @ ..], [_, others @ ..]) => like(rest, others),
        ([(c, _), rest @ ..], [first, others @ ..]) => c == first && like(rest, others),
        (_, []) => false,
    }
}

/// As `like`, but a wildcard before the sixth part matches no colon, unless it is a `*` at the end of a part.
fn resource_like(pattern: &[(char, bool)], text: &[char], n_colons: usize) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        ([('*', true), rest @ ..], _) => {
            let may_cross = n_colons >= 5 || matches!(rest.first(), None | Some((':' | '*', _)));
            resource_like(rest, text, n_colons)
                || text.first().is_some_and(|c| may_cross || *c != ':')
                    && resource_like(pattern, &text[1..], n_colons)
        }
        ([('?', true), rest @ ..], [first, others @ ..]) => {
            (n_colons >= 5 || *first != ':') && resource_like(rest, others, n_colons)
        }
        ([(c, _), rest @ ..], [first, others @ ..]) => {
            c == first && resource_like(rest, others, n_colons + usize::from(*c == ':'))
        }
        (_, []) => false,
    }
}
