//! Texts that people paste: one message or several, wrapped over lines, quoted, in JSON, between other lines.

use serde_json::{Map, Value};

use super::{Denial, folded};
use crate::error_reason::ErrorReason;

/// What texts of errors have in them, in lower case.
const MARKS: [&str; 7] = [
    "not authorized to perform",
    "not authorized to invoke",
    "explicit deny",
    "accessdenied",
    "access denied",
    "unauthorizedoperation",
    "encoded authorization failure message",
];

/// What begins a message, or stands before it.
const USER: &str = "User:";
const QUOTED_CALL: &str = "An error occurred (";

/// What only a denial that names an action has, once its lines are one.
const PERFORM: &str = "not authorized to perform:";

/// More is several messages, whatever is in it: CloudTrail cuts messages at 1 KB.
const MAX_MESSAGE: usize = 4 << 10;

/// How deep JSON in texts of JSON is looked into.
const MAX_DEPTH: usize = 4;

/// Whether a text has anything of an error of this kind.
pub fn is_of_denial(text: &str) -> bool {
    let lower = folded(text).to_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark))
        || ErrorReason::of_text(&lower, &Denial::default()).is_some()
}

/// The messages of a text, in their order; empty if it has none. JSON is looked into, whatever is in it.
pub fn messages(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    of_text(text, 0, &mut found);
    found
}

fn of_text(text: &str, depth: usize, found: &mut Vec<String>) {
    if let Some(value) = json(text).filter(|_| depth < MAX_DEPTH) {
        return of_value(&value, depth, found);
    }
    let mut message = String::new();
    for line in text.lines() {
        let line = line.replace('\u{a0}', " ");
        // Quoted in a letter or an issue.
        let line = line.trim_start().strip_prefix("> ").unwrap_or(&line);
        if let Some(value) = json(line).filter(|_| depth < MAX_DEPTH) {
            of_lines(&std::mem::take(&mut message), found);
            of_value(&value, depth, found);
            continue;
        }
        if line.trim().is_empty() || begins_anew(line, &message) {
            of_lines(&std::mem::take(&mut message), found);
        }
        message.push_str(line);
        message.push('\n');
    }
    of_lines(&message, found);
}

/// An object or a list.
fn json(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let is_open = text.starts_with(['{', '[']) && text.ends_with(['}', ']', ',']);
    is_open.then(|| serde_json::from_str(text.trim_end_matches(',')).ok()).flatten()
}

/// Whether a line begins something else than what the lines before it have begun.
fn begins_anew(line: &str, before: &str) -> bool {
    const LEVELS: [&str; 8] =
        ["ERROR", "WARN", "INFO", "DEBUG", "FATAL", "TRACE", "Traceback", "botocore."];
    let mut bytes = line.bytes();
    let is_date = bytes.by_ref().take(4).filter(u8::is_ascii_digit).count() == 4
        && matches!(bytes.next(), Some(b'-' | b'/'));
    is_date
        || before.len() > MAX_MESSAGE
        || LEVELS.iter().any(|level| line.starts_with(level))
        || line.contains(QUOTED_CALL)
        || line.contains(USER) && before.contains(USER)
        || line.starts_with(['[', '{', '$']) && is_of_denial(before)
}

/// The messages of lines that belong together: several where more than one names a user and an action.
fn of_lines(lines: &str, found: &mut Vec<String>) {
    let users = lines.match_indices(USER).map(|(place, _)| place).collect::<Vec<_>>();
    let mut start = 0;
    for pair in users.windows(2) {
        let between = &lines[pair[0]..pair[1]];
        if !folded(between).contains(PERFORM) {
            continue;
        }
        let end = between.rfind(QUOTED_CALL).map_or(pair[1], |place| pair[0] + place);
        found.push(lines[start..end].trim().to_owned());
        start = end;
    }
    if is_of_denial(&lines[start..]) {
        found.push(lines[start..].trim().to_owned());
    }
}

fn of_value(value: &Value, depth: usize, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => of_object(members, depth, found),
        Value::Array(values) => values.iter().for_each(|value| of_value(value, depth, found)),
        Value::String(text) if is_of_denial(text) => of_text(text, depth + 1, found),
        _ => {}
    }
}

/// The message of an object with its code, and what is below.
fn of_object(members: &Map<String, Value>, depth: usize, found: &mut Vec<String>) {
    const CODES: [&str; 5] = ["__type", "errorCode", "code", "Code", "type"];
    const MESSAGES: [&str; 3] = ["Message", "message", "errorMessage"];
    let text = |name: &&str| members.get(*name).and_then(Value::as_str);
    let code = CODES.iter().filter_map(text).map(|code| code.rsplit('#').next().unwrap_or(code));
    let code = code.into_iter().find(|code| is_of_denial(code));
    match (MESSAGES.iter().find_map(text), code) {
        (Some(message), Some(code)) if message.starts_with(USER) => {
            found.push(format!("{code}: {message}"));
        }
        (Some(message), code) => {
            let before = found.len();
            of_text(message, depth + 1, found);
            if let Some(code) = code.filter(|_| found.len() == before) {
                found.push(format!("{code}: {message}"));
            }
        }
        (None, Some(code)) => found.push(code.to_owned()),
        (None, None) => {}
    }
    for (name, value) in members {
        let is_said = CODES.contains(&name.as_str()) || MESSAGES.contains(&name.as_str());
        if !is_said || !value.is_string() {
            of_value(value, depth, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "User: arn:aws:sts::111122223333:assumed-role/App/s is not authorized to perform: bedrock:InvokeModel \
                       on resource: arn:aws:bedrock:us-east-2::foundation-model/a.b with an explicit deny in a service \
                       control policy";
    const TWO: &str = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: bedrock:InvokeModel because \
                       no identity-based policy allows the bedrock:InvokeModel action";

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(messages(text), expected, "{text}");
    }

    #[test]
    fn lines_are_put_together_and_taken_apart() {
        check(ONE, &[ONE]);
        check(&format!("{ONE}\n{TWO}\n"), &[ONE, TWO]);
        check(&format!("{ONE} {TWO}"), &[ONE, TWO]);
        check(&format!("a line\n\n> {ONE}\n\nanother\n{TWO}"), &[ONE, &format!("another\n{TWO}")]);
        let quoted = |text: &str| {
            format!(
                "An error occurred (AccessDeniedException) when calling the Converse operation: {text}"
            )
        };
        let (first, second) = (quoted(ONE), quoted(TWO));
        check(&format!("{first} {second}"), &[&first, &second]);
        check(&format!("{first}\nretrying\n{second}"), &[&format!("{first}\nretrying"), &second]);
        check(&format!("Traceback:\n {first}\n"), &[&first]);
        // Wrapped by a terminal and by an editor, also where a message begins.
        let wrapped = first.replace("User: ", "\nUser:\n").replace(" is not ", " is\nnot ");
        check(&format!("{wrapped}\n\n{TWO}"), &[wrapped.trim(), TWO]);
        // What comes after a message on a line of its own is not part of its last word.
        let arn = format!("{ONE}: arn:aws:organizations::1:policy/o-a/service_control_policy/p-b");
        check(&format!("{arn}\n2026-12-01 12:00:00 retrying\n"), &[&arn]);
        check(&format!("{arn}\n[worker-1] retrying\n"), &[&arn]);
        check(&format!("{arn}\n[worker-1] {TWO}\n"), &[&arn, &format!("[worker-1] {TWO}")]);
        check("Access Denied", &["Access Denied"]);
        check("all is well\n", &[]);
        check("", &[]);
    }

    #[test]
    fn json_is_looked_into() {
        let of = |value: Value| value.to_string();
        check(&of(serde_json::json!({ "Message": ONE })), &[ONE]);
        let body =
            serde_json::json!({"__type": "com.amazon#AccessDeniedException", "message": ONE});
        let with_code = format!("AccessDeniedException: {ONE}");
        check(&of(body.clone()), &[&with_code]);
        check(&serde_json::to_string_pretty(&body).unwrap(), &[&with_code]);
        check(&format!("{body}\n{TWO}\n{body}"), &[&with_code, TWO, &with_code]);
        check(&of(serde_json::json!({"error": {"code": "access_denied", "message": TWO}})), &[TWO]);
        check(&of(serde_json::json!({ "log": body.to_string() })), &[&with_code]);
        check(&of(serde_json::json!({ "message": body.to_string() })), &[&with_code]);
        check(
            &of(serde_json::json!({"code": "AccessDenied", "message": "no"})),
            &["AccessDenied: no"],
        );
        check(&of(serde_json::json!({"code": "ThrottlingException", "message": "no"})), &[]);
        check(&of(serde_json::json!([ONE, {"a": [TWO]}, 7, null])), &[ONE, TWO]);
        let record =
            serde_json::json!({"errorCode": "AccessDenied", "errorMessage": ONE, "b": {"c": "x"}});
        check(
            &of(serde_json::json!({"Records": [record, {"errorCode": "AccessDenied"}]})),
            &[&format!("AccessDenied: {ONE}"), "AccessDenied"],
        );
        // What is no JSON after all is a text.
        check(&format!("{{\"Message\":\"{ONE}\""), &[&format!("{{\"Message\":\"{ONE}\"")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_nothing_is_made_up(text in "(User: |[a-z{}\\[\\]\"\n: ]|authorized to perform:|An error occurred \\()*") {
            for message in messages(&text) {
                prop_assert!(is_of_denial(&message), "{message}");
            }
        }

        #[test]
        fn as_many_are_found_as_were_put_in(parts in prop::collection::vec(0..2_usize, 0..6), blank in "( |\n|\n\n|\n> )") {
            let all = parts.iter().map(|part| [ONE, TWO][*part]).collect::<Vec<_>>();
            prop_assert_eq!(messages(&all.join(&blank)), all);
        }
    }
}
