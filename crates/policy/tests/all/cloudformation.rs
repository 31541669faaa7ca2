//! `CloudFormation` templates: JSON and YAML, functions, targets, and what is refused.

use policy::intake::{FromFiles, cloudformation};
use policy::{FileProblem, Level};

const YAML: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Unit:
    Type: String
    Default: ou-ab12-11111111
  Region:
    Type: String
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Deny:
    Type: AWS::Organizations::Policy
    Properties:
      Name: DenyBedrock
      Type: SERVICE_CONTROL_POLICY
      TargetIds:
        - !Ref Unit
        - 111122223333
      Content:
        Version: 2012-10-17
        Statement:
          - Sid: Deny
            Effect: Deny
            Action: 'bedrock:*'
            Resource: '*'
            Condition:
              ArnNotLike:
                aws:PrincipalArn:
                  - !Sub 'arn:${AWS::Partition}:iam::*:role/Admin'
                  - !Join [':', [arn, aws, iam, '', '111122223333', role/Ops]]
              StringNotEquals:
                aws:PrincipalTag/owner: !Sub '${!aws:PrincipalTag/team}'
  Text:
    Type: AWS::Organizations::Policy
    Properties:
      Name: Text
      Type: SERVICE_CONTROL_POLICY
      TargetIds: [r-ab12]
      Content: |
        {\"Statement\":
          {\"Effect\":\"Deny\",\"Action\":\"iam:*\",\"Resource\":\"*\"}}
  Perimeter:
    Type: AWS::Organizations::Policy
    Properties: {Name: Perimeter, Type: RESOURCE_CONTROL_POLICY, Content: {}}
";

fn read(text: &str) -> Result<FromFiles, String> {
    cloudformation::read("t.yaml", text).map_err(|it: FileProblem| it.to_string())
}

fn names(levels: &[Level]) -> Vec<String> {
    let level = |level: &Level| {
        let names = level.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("+");
        format!("{} {names}", level.node.as_deref().unwrap())
    };
    levels.iter().map(level).collect()
}

#[test]
fn template_attaches_policies_to_its_targets() {
    let found = read(YAML).unwrap();
    let scps = found.organization.scps("111122223333").unwrap();
    let expected = ["r-ab12 FullAWSAccess+Text", "111122223333 FullAWSAccess+DenyBedrock"];
    assert_eq!(names(&scps.levels), expected);
    assert_eq!(names(&scps.elsewhere), ["ou-ab12-11111111 FullAWSAccess+DenyBedrock"]);
    let text = scps.levels[1].policies[1].document.to_json(None);
    let expected = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Deny","Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/Admin","arn:aws:iam::111122223333:role/Ops"]},"StringNotEquals":{"aws:PrincipalTag/owner":"${aws:PrincipalTag/team}"}}}]}"#;
    assert_eq!(text, expected);
    assert_eq!(scps.levels[1].policies[1].document.statements[0].position.line, 22);
    assert_eq!(
        found.other_policies,
        [("Perimeter".to_owned(), "RESOURCE_CONTROL_POLICY".to_owned())]
    );
    let notes = [
        "the parameter Unit is taken to be its default, ou-ab12-11111111",
        "AWS::Partition is taken to be aws",
    ];
    let sorted = |mut notes: Vec<String>| {
        notes.sort();
        notes
    };
    assert_eq!(sorted(found.notes[..2].to_vec()), sorted(notes.map(str::to_owned).to_vec()));
}

#[test]
fn template_that_needs_more_than_itself_is_refused() {
    for (from, to, expected) in [
        (
            "!Ref Unit",
            "!Ref Region",
            "t.yaml: line 17, column 16: Resources.Deny.Properties.TargetIds[0].Ref: expected Deny: a value that the template itself has, found Ref Region",
        ),
        ("!Ref Unit", "!ImportValue Unit", "found Fn::ImportValue `Unit`"),
        ("!Ref Unit", "!GetAtt Account.Arn", "found Fn::GetAtt `Account.Arn`"),
        ("!Ref Unit", "!Ref AWS::AccountId", "found Ref AWS::AccountId"),
        (
            "!Ref Unit",
            "Workloads",
            "Resources.Deny.Properties.TargetIds[0]: expected r-…, ou-…, an account ID, or a resource of the template, found `Workloads`",
        ),
        (
            "!Sub 'arn:${AWS::Partition}",
            "!Sub 'arn:${AWS::Region}",
            "line 29, column 26: Resources.Deny.Properties.Content.Statement[0].Condition.ArnNotLike.aws:PrincipalArn[0].Fn::Sub: expected Deny: a value that the template itself has, found Ref AWS::Region",
        ),
        (
            "!Sub 'arn:${AWS::Partition}",
            "'arn:${AWS::Partition}",
            "line 20, column 9: Resources.Deny.Properties.Content: expected Deny: text in Fn::Sub, found ${AWS::Partition}",
        ),
        (
            "!Sub '${!aws:PrincipalTag/team}'",
            "!Sub '${aws:PrincipalTag/team}'",
            "found Ref aws:PrincipalTag/team",
        ),
        (
            "!Sub '${!aws:PrincipalTag/team}'",
            "!Sub '${!aws:PrincipalTag/team'",
            "expected `}` after `${`, found none",
        ),
        ("!Join [':', [arn", "!Join [':', [!If [a, b, c], arn", "found Fn::If a list"),
        ("!Join [':', [", "!Select [0, [", "found Fn::Select a list"),
        (
            "    Type: AWS::Organizations::Policy\n    Properties:\n      Name: DenyBedrock",
            "    Type: AWS::Organizations::Policy\n    Condition: IsProd\n    Properties:\n      Name: DenyBedrock",
            "line 13, column 16: Resources.Deny.Condition: expected Deny in any case, found a condition (`IsProd`)",
        ),
        (
            "  Bucket:",
            "  Fn::ForEach::Units:",
            "Resources.Fn::ForEach::Units: expected resources by their names, found Fn::ForEach::Units",
        ),
        ("      Name: DenyBedrock\n", "", "Resources.Deny.Properties: expected Name, found none"),
        (
            "Sid: Deny",
            "Id: Deny",
            "line 22, column 17: Resources.Deny.Properties.Content.Statement[0]: expected Sid, Effect, Action",
        ),
        (
            "\"Effect\":\"Deny\"",
            "\"Effect\":\"No\"",
            "Resources.Text.Properties.Content, line 2, column 13: Statement.Effect: expected Allow or Deny, found `No`",
        ),
        ("  Deny:\n", "  Text:\n", "expected each member once, found a second `Text`"),
    ] {
        assert!(YAML.contains(from), "{from}");
        let found = read(&YAML.replacen(from, to, 1)).unwrap_err();
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let none = read("Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}").unwrap_err();
    assert!(none.contains("expected a resource AWS::Organizations::Policy, found none"), "{none}");
    let cycle = r#"{"Resources": {
        "A": {"Type": "AWS::Organizations::OrganizationalUnit", "Properties": {"Name": "a", "ParentId": {"Ref": "B"}}},
        "B": {"Type": "AWS::Organizations::OrganizationalUnit", "Properties": {"Name": "b", "ParentId": {"Fn::GetAtt": ["A", "Id"]}}},
        "P": {"Type": "AWS::Organizations::Policy", "Properties": {"Name": "p", "Type": "SERVICE_CONTROL_POLICY",
            "Content": {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}}}}"#;
    let found = read(cycle).unwrap_err();
    assert!(found.starts_with("t.yaml: line 2, ") && found.ends_with("found a cycle"), "{found}");
}

#[test]
fn form_is_told_by_its_resources() {
    assert!(
        cloudformation::is_template(YAML) && cloudformation::is_template("{\"Resources\": {}}")
    );
    for text in ["{\"Resources\": []}", "Resources", "{\"Statement\": []}", "{", ": :"] {
        assert!(!cloudformation::is_template(text), "{text}");
    }
}
