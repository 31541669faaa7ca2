//! The output of `aws bedrock list-inference-profiles` as aliases.

use bedrock::{Alias, Catalog};
use logs::inference_profiles::aliases;

fn check(regions: &[&str], expected: &str) {
    let models = regions
        .iter()
        .map(|region| {
            format!(
                r#"{{"modelArn":"arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-6"}}"#
            )
        })
        .collect::<Vec<_>>()
        .join(",");
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abcdef123456";
    let text = format!(
        r#"{{"inferenceProfileSummaries":[{{"inferenceProfileName":"search","inferenceProfileArn":"{arn}","inferenceProfileId":"abcdef123456","models":[{models}],"status":"ACTIVE","type":"APPLICATION"}}]}}"#
    );
    let found = aliases(&text, &Catalog::embedded()).expect("well-formed");
    let alias = Alias { model: expected.to_owned(), name: Some("search".to_owned()) };
    assert_eq!(found, [(arn.to_owned(), alias)]);
}

#[test]
fn system_profile_below_an_application_profile_is_found() {
    check(&["us-east-1", ""], "global.anthropic.claude-sonnet-4-6");
    check(&["us-east-1", "us-east-2", "us-west-2"], "us.anthropic.claude-sonnet-4-6");
    check(&["us-east-1"], "anthropic.claude-sonnet-4-6");
    check(&["us-east-1", "sa-east-1"], "anthropic.claude-sonnet-4-6");
}

#[test]
fn other_json_is_an_error() {
    assert!(aliases("{}", &Catalog::embedded()).is_err());
}
