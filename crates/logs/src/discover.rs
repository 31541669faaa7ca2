//! What `Create...` events tell about opaque ARNs.
//!
//! The shapes are those of the API (botocore 1.44.5): no recorded event of these was found in public,
//! so that keys are compared without regard to case and whatever does not fit is skipped.

use std::borrow::Cow;

use bedrock::alias::DiscoveredAlias;
use bedrock::cut;
use jiff::Timestamp;
use serde_json::Value;

/// CloudTrail's marker for values that it does not log.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Where the new ARN stands in the response.
const NEW_ARN: &[&str] =
    &["inferenceProfileArn", "provisionedModelArn", "customModelDeploymentArn"];
/// Where the request says what the ARN denotes.
const STANDS_FOR: &[&str] = &["copyFrom", "modelSource", "modelArn", "modelId"];
/// Where the request gives the name.
const NAME: &[&str] = &["inferenceProfileName", "provisionedModelName", "modelDeploymentName"];

/// Reads a record of an event that creates an ARN; `None` if it failed or does not tell enough.
pub(crate) fn discovered_alias(record: &str) -> Option<DiscoveredAlias> {
    let record = serde_json::from_str::<Value>(record).ok()?;
    if record.get("errorCode").is_some_and(|code| !code.is_null()) {
        return None;
    }
    let (request, response) =
        (element(record.get("requestParameters")?), element(record.get("responseElements")?));
    let (request, response) = (request.as_ref(), response.as_ref());
    let nested = get(request, "modelSource").filter(|source| source.is_object());
    let model = first(nested.unwrap_or(request), STANDS_FOR)?;
    let name = first(request, NAME).unwrap_or_default();
    let event_time = record.get("eventTime")?.as_str()?.parse::<Timestamp>().ok()?;
    Some(DiscoveredAlias {
        model_ref: first(response, NEW_ARN)?,
        model,
        name,
        event_time_ms: event_time.as_millisecond(),
        event_id: record.get("eventID")?.as_str()?.to_owned(),
    })
}

/// An element, which exports of tables have as a string of JSON.
fn element(value: &Value) -> Cow<'_, Value> {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    parsed.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The first of the keys that tells something.
fn first(object: &Value, keys: &[&str]) -> Option<String> {
    let tells = |text: &&str| !text.is_empty() && *text != HIDDEN;
    let told = |key: &&str| Some(cut(get(object, key)?.as_str().filter(tells)?).to_owned());
    keys.iter().find_map(told)
}

fn get<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request: &str, response: &str) -> String {
        format!(
            r#"{{"eventTime":"2026-10-05T08:00:00Z","eventID":"e1","requestParameters":{request},"responseElements":{response}}}"#
        )
    }

    fn check(request: &str, response: &str, expected: Option<(&str, &str, &str)>) {
        let found = discovered_alias(&event(request, response));
        let found = found.map(|alias| (alias.model_ref, alias.model, alias.name));
        let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(found, expected, "{request}");
    }

    #[test]
    fn the_three_events() {
        check(
            r#"{"inferenceProfileName":"search","modelSource":{"copyFrom":"us.zai.glm-5"}}"#,
            r#"{"inferenceProfileArn":"arn:p","status":"ACTIVE"}"#,
            Some(("arn:p", "us.zai.glm-5", "search")),
        );
        check(
            r#"{"modelUnits":1,"provisionedModelName":"HIDDEN_DUE_TO_SECURITY_REASONS","modelId":"amazon.nova-pro-v1:0"}"#,
            r#"{"provisionedModelArn":"arn:t"}"#,
            Some(("arn:t", "amazon.nova-pro-v1:0", "")),
        );
        check(
            r#"{"ModelDeploymentName":"d","ModelArn":"arn:m"}"#,
            r#"{"CustomModelDeploymentArn":"arn:d"}"#,
            Some(("arn:d", "arn:m", "d")),
        );
    }

    #[test]
    fn what_does_not_fit_is_passed_over() {
        check("null", r#"{"inferenceProfileArn":"arn:p"}"#, None);
        check(r#"{"modelSource":{"copyFrom":"x"}}"#, "null", None);
        check(r#"{"modelSource":{}}"#, r#"{"inferenceProfileArn":"arn:p"}"#, None);
        for model in ["", HIDDEN] {
            let request = format!(r#"{{"modelId":"{model}"}}"#);
            check(&request, r#"{"provisionedModelArn":"arn:t"}"#, None);
        }
        check(r#"{"modelId":"m"}"#, r#"{"provisionedModelArn":""}"#, None);
        assert_eq!(discovered_alias("{"), None);
        let failed = event(r#"{"modelId":"m"}"#, r#"{"provisionedModelArn":"arn:t"}"#)
            .replace("\"eventID\"", "\"errorCode\":\"AccessDenied\",\"eventID\"");
        assert_eq!(discovered_alias(&failed), None);
    }
}
