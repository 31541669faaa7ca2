//! `policy generate`: what is printed and what is not, forms, organizations, history. That each goal's matrix
//! holds, and that weaker policies fail it, is tested in the crate `policy`.

use std::fs;

use serde_json::{Value, json};

use crate::policy::{FULL, ROLE, SONNET, organization, region_deny, simulate};
use crate::world::{Run, World, repository, sample};

fn generate(world: &World, arguments: &str) -> Run {
    let arguments = arguments.split(' ').collect::<Vec<_>>();
    world.hoptrail(&[&["policy", "generate"], arguments.as_slice()].concat())
}

fn sample_organization() -> String {
    repository().join("tests/sample/organization").display().to_string()
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|it| panic!("{it}: {}", run.stdout))
}

/// The sample as tables.
fn tables(world: &World) -> String {
    let (source, out) = (sample().display().to_string(), world.text("tables"));
    let days = ["--from", "2026-10-05", "--to", "2026-10-07"];
    world.hoptrail(&[&["run", "--source", &source, "--dest", &out], &days[..]].concat()).ends(0);
    out
}

#[test]
fn commands_of_the_page_succeed_and_print_what_it_shows() {
    let page = fs::read_to_string(repository().join("docs/policy-generate.md")).unwrap();
    let blocks = |language: &str| {
        let fence = format!("```{language}\n");
        let after = page.split(&fence).skip(1);
        after.map(|text| text.split("```").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let world = World::new();
    tables(&world);
    world.write("region-deny.json", &blocks("json")[0]);
    let mut runs = Vec::new();
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let arguments = line.strip_prefix("hoptrail ").unwrap().split(' ').collect::<Vec<_>>();
        let mut command = world.command(&arguments);
        let run = Run::of(command.current_dir(world.path("")).output().unwrap()).ends(0);
        runs.push(run);
    }
    assert!(runs.len() >= 13);
    assert_eq!(runs[0].stdout, blocks("json")[1]);
    let report = blocks("text").remove(0);
    assert!(runs[0].stderr.contains(&report), "{}", runs[0].stderr);
    assert!(world.path("package/manifest.yaml").exists());
}

#[test]
fn exempted_geography_passes_the_changed_policy_and_nothing_else_does() {
    let world = World::new();
    let org = organization(&world);
    let run = generate(&world, &format!("exempt us --org {org}")).ends(0);
    let changed = world.write("changed.json", &run.stdout);
    // Two sets of SCPs: an account for each.
    assert!(run.stderr.contains("Calls of account 111122223333"), "{}", run.stderr);
    assert!(run.stderr.contains("Calls of account 444455556666"), "{}", run.stderr);
    assert!(!run.stderr.contains("999988887777"), "{}", run.stderr);
    let replace = format!("ou-ab12-11111111:deny={changed}");
    let call = ["--region", "us-east-1", "--principal", ROLE, "--org", &org, "--replace", &replace];
    for (reference, verdict) in [
        (SONNET, "allowed"),
        ("global.anthropic.claude-sonnet-4-6", "denied"),
        ("anthropic.claude-sonnet-4-6", "allowed"),
    ] {
        let arguments = [&[reference], &call[..], &["--expect", verdict]].concat();
        simulate(&world, &arguments).ends(0);
    }
    // This one is not Control Tower's.
    assert!(!run.stderr.contains("drift"), "{}", run.stderr);
}

#[test]
fn document_of_control_tower_is_not_printed_without_a_word_of_drift() {
    let world = World::new();
    let org = world.write("deny.json", region_deny("GRREGIONDENY", r#"["us-east-1"]"#));
    for form in ["", " --form cli", " --report"] {
        let run = generate(&world, &format!("exempt us --org {org}{form}")).ends(0);
        assert!(run.stderr.contains("to edit it is drift"), "{}", run.stderr);
    }
    for form in ["terraform", "cloudformation", "cfct", "lza"] {
        let run = generate(&world, &format!("exempt us --org {org} --form {form}")).ends(2);
        assert_eq!(run.stdout, "");
        assert!(run.stderr.contains("another SCP beside it lifts nothing"), "{}", run.stderr);
    }
    // A name tells it, too.
    let org = world.write("aws-guardrails-abcdef.json", region_deny("X", r#"["us-east-1"]"#));
    let run = generate(&world, &format!("exempt us --org {org}")).ends(0);
    assert!(run.stderr.contains("to edit it is drift"), "{}", run.stderr);
}

#[test]
fn statement_that_stands_in_the_way_is_named_and_ends_with_4() {
    let world = World::new();
    let org = organization(&world);
    world.write("org/full.json", FULL);
    let no_bedrock = "{\"Version\":\"2012-10-17\",\n\"Statement\":{\"Sid\":\"NoBedrock\",\"Effect\":\"Deny\",\n\
                      \"Action\":\"bedrock:Invoke*\",\"Resource\":\"*\"}}";
    world.write("org/none.json", no_bedrock);
    let text = fs::read_to_string(&org).unwrap();
    let text = text.replace(
        r#""id":"444455556666","parent":"r-ab12","policies":["full.json"]"#,
        r#""id":"444455556666","parent":"r-ab12","policies":["full.json","none.json"]"#,
    );
    world.write("org/org.json", text);
    let run = generate(&world, &format!("exempt us --region us-east-1 --org {org}")).ends(4);
    assert_eq!(run.stdout, "");
    let expected = "NoBedrock of none (none.json, line 2) at 444455556666 has to change.";
    let report = run.stderr.replace('\n', " ");
    assert!(report.contains(expected), "{}", run.stderr);
    assert!(
        report.contains("OnlyVirginia of deny (deny.json, line 3) has to change, too."),
        "{report}"
    );
    assert!(run.stderr.contains("arn:*:bedrock:*:*:inference-profile/us.*"), "{}", run.stderr);
    // Also if no Region is named: what denies the profile itself is no Region deny.
    generate(&world, &format!("exempt us --org {org}")).ends(4);
    // For the other account, nothing stands in the way.
    generate(&world, &format!("exempt us --account 111122223333 --org {org}")).ends(0);
    generate(&world, &format!("exempt us --target ou-ab12-11111111 --org {org}")).ends(0);

    // What is granted to an identity, an SCP may deny.
    let identity =
        format!("identity {SONNET} --region us-east-1 --account 111122223333 --org {org}");
    let run = generate(&world, &identity).ends(4);
    assert_eq!(run.stdout, "");
    let pattern = format!("arn:*:bedrock:*:*:inference-profile/{SONNET}");
    assert!(run.stderr.contains(&pattern), "{}", run.stderr);
}

#[test]
fn result_that_does_not_hold_is_not_printed() {
    let world = World::new();
    // Whether the statement applies hangs on a tag.
    let tagged = region_deny("Tagged", r#"["us-east-1"]"#).replace(
        r#""StringNotEquals":{"#,
        r#""StringNotLike":{"aws:PrincipalTag/team":"ml-*"},"StringNotEquals":{"#,
    );
    let open = format!(
        r#"{{"Version":"2012-10-17","Statement":[{},{{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{{"StringEquals":{{"aws:PrincipalTag/bedrock":"no"}}}}}}]}}"#,
        serde_json::from_str::<Value>(&tagged).unwrap()["Statement"][0]
    );
    let org = world.write("tagged.json", open);
    let run = generate(&world, &format!("exempt us --org {org}")).ends(1);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("aws:PrincipalTag/bedrock"), "{}", run.stderr);
    assert!(run.stderr.contains("it does not hold"), "{}", run.stderr);
    generate(&world, &format!("exempt us --org {org} --absent aws:PrincipalTag/bedrock")).ends(0);
}

#[test]
fn each_profile_that_is_named_is_tried() {
    let world = World::new();
    let org = world.write("deny.json", region_deny("Deny", r#"["us-east-1","eu-west-1"]"#));
    let run = generate(&world, &format!("exempt us eu --org {org}")).ends(0);
    for row in ["us. profile ", "eu. profile "] {
        let mut rows = run.stderr.lines().filter(|line| line.starts_with(row));
        assert!(rows.any(|line| line.ends_with("denied   allowed  allowed")), "{}", run.stderr);
    }
    let run = generate(&world, &format!("exempt us jp --org {org}")).ends(2);
    let expected = "calls through jp. begin in ap-northeast-1, ap-northeast-3, but the SCPs allow us-east-1, eu-west-1";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    // A Region that is denied itself has to be spared, too.
    let run = generate(&world, &format!("exempt jp --region ap-northeast-1 --org {org}")).ends(4);
    assert_eq!(run.stdout, "");
    let (_, changed) = run.stderr.split_once("The statement as it has to be:\n").unwrap();
    let changed = changed.split("\nNote").next().unwrap();
    assert!(
        changed.contains("ap-northeast-1") && changed.contains("inference-profile/jp.*"),
        "{changed}"
    );
}

#[test]
fn destinations_that_are_not_published_are_possible_legs() {
    let world = World::new();
    let catalog = world.text("catalog");
    fs::create_dir_all(&catalog).unwrap();
    let model = "anthropic.claude-sonnet-4-6";
    world.write(
        "catalog/models.csv",
        format!("model_id,canonical_id,provider,name\n{model},,Anthropic,Sonnet\n"),
    );
    world.write(
        "catalog/inference_profiles.csv",
        format!("profile_id,source_region,destination_regions\nus-gov.{model},us-gov-west-1,\n"),
    );
    let identity = format!("identity us-gov.{model} --region us-gov-west-1 --catalog {catalog}");
    let run = generate(&world, &identity).ends(0);
    assert!(run.stdout.contains("arn:aws-us-gov:bedrock:*::foundation-model/"), "{}", run.stdout);
}

#[test]
fn nothing_has_to_change_where_nothing_denies() {
    let world = World::new();
    let org = world.write("full.json", FULL);
    let run = generate(&world, &format!("exempt us --org {org}")).ends(5);
    assert_eq!(run.stdout, "");
    let expected = "no policy has to change: no policy denies calls through us. profiles because of the Region of \
                    the model";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

/// The sample's policies exempt some models of each geography, and some global profiles.
#[test]
fn exemptions_of_some_models_do_not_pass_for_all() {
    let world = World::new();
    let sample = sample_organization();
    let run = generate(&world, &format!("exempt us --org {sample}")).ends(0);
    let changed = world.write("changed.json", &run.stdout);
    let replace = format!("ou-ab12-workload:p-regions01={changed}");
    let call = ["--region", "us-east-1", "--principal", ROLE, "--org", &sample];
    for (reference, before, after) in [
        (SONNET, "denied", "allowed"),
        ("us.deepseek.r1-v1:0", "denied", "allowed"),
        ("us.amazon.nova-lite-v1:0", "allowed", "allowed"),
        ("global.anthropic.claude-sonnet-4-6", "denied", "denied"),
    ] {
        let expect = |verdict| [&[reference], &call[..], &["--expect", verdict]].concat();
        simulate(&world, &expect(before)).ends(0);
        simulate(&world, &[&expect(after)[..], &["--replace", &replace]].concat()).ends(0);
    }
    // The others are one row where they differ from the model of the matrix, and none where nothing changes.
    let report = run.stderr.split("Calls of account 111122223333").nth(1).unwrap();
    assert!(report.contains(" other\nmodels"), "{report}");
    assert!(report.lines().filter(|line| line.contains(" us-")).count() < 40, "{report}");
}

#[test]
fn models_that_cannot_be_approved_are_named() {
    let world = World::new();
    for (model, expected) in [
        ("*", "expected the models to approve, found `*`: where all are, no policy is needed"),
        ("anthropic.claude-opus-99", "expected a model ID of the catalog"),
        (SONNET, "expected a model ID of the catalog without a scope"),
    ] {
        let run = world.hoptrail(&["policy", "generate", "models", model]);
        assert!(run.code != 0 && run.stderr.contains(expected), "{model}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{model}");
    }
}

#[test]
fn global_profiles_of_every_model_are_enabled_from_the_region_alone() {
    let world = World::new();
    let sample = sample_organization();
    let out = world.text("out");
    let run = generate(&world, &format!("enable-global us-east-1 --org {sample} -o {out}")).ends(0);
    assert!(run.stderr.contains("Changed policy p-regions01"), "{}", run.stderr);
    let replace = format!("ou-ab12-workload:p-regions01={out}/p-regions01.json");
    let limit = format!("r-ab12={out}/bedrock-global-regions.json");
    for (region, model, verdict) in [
        ("us-east-1", "anthropic.claude-sonnet-4-6", "allowed"),
        ("us-east-1", "amazon.nova-2-lite-v1:0", "allowed"),
        ("us-west-2", "anthropic.claude-sonnet-4-6", "denied"),
        ("us-west-2", "amazon.nova-2-lite-v1:0", "denied"),
    ] {
        let call = [&format!("global.{model}"), "--region", region, "--principal", ROLE];
        let policies =
            ["--org", &sample, "--replace", &replace, "--policy", &limit, "--expect", verdict];
        simulate(&world, &[&call[..], &policies].concat()).ends(0);
    }
}

/// Only models are denied, and not the profile: without a Region in the pattern, calls could be sent from any.
#[test]
fn exemption_opens_no_source_region_that_is_not_allowed() {
    let world = World::new();
    let models = region_deny("Models", r#"["us-east-1"]"#)
        .replace(r#""NotAction":"iam:*""#, r#""Action":"bedrock:InvokeModel*""#)
        .replace(r#""Resource":"*""#, r#""Resource":"arn:aws:bedrock:*::foundation-model/*""#);
    let org = world.write("fm.json", models);
    let run = generate(&world, &format!("exempt us --org {org}")).ends(0);
    let pattern = &document(&run)["Statement"][0]["Condition"]["ArnNotLike"];
    let expected =
        json!({"bedrock:InferenceProfileArn": "arn:*:bedrock:us-east-1:*:inference-profile/us.*"});
    assert_eq!(*pattern, expected);
    let changed = world.write("changed.json", &run.stdout);
    for (region, verdict) in [("us-east-1", "allowed"), ("us-east-2", "denied")] {
        let call = [SONNET, "--region", region, "--principal", ROLE, "--org", &changed];
        simulate(&world, &[&call[..], &["--expect", verdict]].concat()).ends(0);
    }
}

#[test]
fn report_alone_fits_80_columns_for_every_goal() {
    let world = World::new();
    let org = world.write("deny.json", region_deny("GRREGIONDENY", r#"["us-east-1","eu-west-1"]"#));
    for goal in [
        format!("exempt us application-profiles --org {org}"),
        format!("enable-global eu-west-1 --org {org}"),
        "enable-global eu-west-1".to_owned(),
        "disable-global".to_owned(),
        "regions us-east-1 us-east-2".to_owned(),
        "profiles-only --keep-mantle".to_owned(),
        "models amazon.nova-lite-v1:0".to_owned(),
        "accounts 111122223333 --within eu-west-1".to_owned(),
        "no-api-keys".to_owned(),
        "identity global.anthropic.claude-sonnet-4-6 --region eu-west-1".to_owned(),
    ] {
        let run = generate(&world, &format!("{goal} --report")).ends(0);
        assert!(run.stdout.starts_with("Goal: "), "{goal}: {}", run.stdout);
        let widest = run.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{goal}: {widest:?}");
        let said = run.stdout.replace('\n', " ");
        for expected in ["without white space", "it holds.", "Opened besides the goal: nothing."] {
            assert!(said.contains(expected), "{goal}: {}", run.stdout);
        }
    }
}

#[test]
fn forms_hold_the_document_as_it_is() {
    let world = World::new();
    let plain = document(&generate(&world, "disable-global").ends(0));
    let compact = plain.to_string();
    let at = "--target ou-ab12-11111111";

    let template =
        document(&generate(&world, &format!("disable-global --form cloudformation {at}")).ends(0));
    let properties = &template["Resources"]["DenyBedrockGlobal"]["Properties"];
    assert_eq!(properties["Content"], plain);
    assert_eq!(properties["TargetIds"], json!(["ou-ab12-11111111"]));

    let run = generate(&world, &format!("disable-global --form terraform {at}")).ends(0);
    let (_, rest) = run.stdout.split_once("jsonencode(").unwrap();
    let (content, _) = rest.split_once("\n  })").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&format!("{content}}}")).unwrap(), plain);

    let run = generate(&world, &format!("disable-global --form cli {at}")).ends(0);
    let lines = run.stdout.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 2);
    let (_, content) = lines[0].split_once("--content '").unwrap();
    let content = serde_json::from_str::<Value>(content.split('\'').next().unwrap()).unwrap();
    assert_eq!(content.to_string(), compact);

    let package = world.text("package");
    let arguments =
        format!("disable-global --form cfct --home-region eu-west-1 --target Sandbox -o {package}");
    assert_eq!(generate(&world, &arguments).ends(0).stdout, "");
    let manifest = fs::read_to_string(world.path("package/manifest.yaml")).unwrap();
    let expected = "---\nregion: \"eu-west-1\"\nversion: 2021-03-15\nresources:\n  - name: \"deny-bedrock-global\"\n";
    assert!(manifest.starts_with(expected), "{manifest}");
    let policy =
        fs::read_to_string(world.path("package/policies/deny-bedrock-global.json")).unwrap();
    assert!(!policy.contains('\n'), "CfCT sends a line break as two characters");
    assert_eq!(serde_json::from_str::<Value>(&policy).unwrap(), plain);

    let folder = world.text("lza");
    generate(
        &world,
        &format!("disable-global --form lza --target Infrastructure --name no-global -o {folder}"),
    )
    .ends(0);
    let entry = fs::read_to_string(world.path("lza/organization-config.yaml")).unwrap();
    assert!(entry.contains("policy: \"service-control-policies/no-global.json\""), "{entry}");
    assert!(world.path("lza/service-control-policies/no-global.json").exists());
}

#[test]
fn options_that_a_form_lacks_are_asked_for() {
    let world = World::new();
    for (arguments, expected) in [
        ("disable-global --form cfct --target X", "--home-region"),
        ("disable-global --form cfct --home-region us-east-1", "--target"),
        ("disable-global --form cfct --home-region us-east-1 --target X", "--output DIR"),
        (
            "disable-global --form lza --target ou-ab12-11111111",
            "the name of an organizational unit",
        ),
        ("disable-global --form cfct --home-region us-west --target X", "--home-region"),
        ("control-tower us --allowed-region us-east-1", "--home-region"),
        ("control-tower us --home-region us-east-1", "--allowed-region"),
        ("control-tower us --allowed-region us-east-1 --home-region us-east-1", "--target"),
        (
            "control-tower us --allowed-region us-east-1 --home-region us-east-1 --control CT.MULTISERVICE.PV.1",
            "--control",
        ),
        ("identity us.anthropic.claude-sonnet-4-6", "--region"),
        ("exempt usa", "found `usa`"),
        ("exempt us.anthropic.claude-sonnet-9", "found `us.anthropic.claude-sonnet-9`"),
        ("models claude", "found `claude`"),
        ("exempt us --region eu-west-1", "calls through us. begin in ca-central-1, "),
        ("regions cn-north-1", "no such model in cn-north-1"),
        ("regions --geography moon", "found `moon`"),
        ("regions us-east", "us-east-1"),
        ("accounts 12", "expected 12 digits"),
        ("least-privilege --principal arn:aws:iam::111122223333:role/App", "--dest"),
        ("least-privilege --dest nowhere", "--principal"),
        ("disable-global --principal me", "--principal"),
    ] {
        let run = generate(&world, arguments).ends(2);
        assert!(run.stderr.contains(expected), "{arguments}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments}");
    }
}

#[test]
fn control_of_control_tower_is_one_line_after_its_scp() {
    let world = World::new();
    let org = organization(&world);
    let four = r#"["us-east-1","us-east-2","us-west-1","us-west-2"]"#;
    world.write("org/deny.json", region_deny("Other", four));
    let run = generate(
        &world,
        &format!("control-tower us --allowed-region us-east-1 --home-region us-east-1 --target ou-ab12-11111111 --org {org}"),
    )
    .ends(0);
    let lines = run.stdout.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[0].contains("create-policy") && lines[1].contains("attach-policy"));
    let expected = "aws controltower enable-control --region us-east-1 --target-identifier \
                    arn:aws:organizations::999988887777:ou/o-exampleorg/ou-ab12-11111111 --control-identifier \
                    $(aws controlcatalog list-controls --region us-east-1 --query 'Controls[?contains(Aliases || `[]`, \
                    `\"CT.MULTISERVICE.PV.1\"`)].Arn' --output text) --parameters \
                    '[{\"key\":\"AllowedRegions\",\"value\":[\"us-east-1\"]},{\"key\":\"ExemptedActions\",\"value\":\
                    [\"bedrock:InvokeModel\",\"bedrock:InvokeModelWithResponseStream\"]}]'";
    assert_eq!(lines[2], expected);
    // Some models run in us-west-1, too.
    world.write("org/deny.json", region_deny("Other", &four.replace(r#","us-west-1""#, "")));
    let run = generate(
        &world,
        &format!("control-tower us --allowed-region us-east-1 --home-region us-east-1 --target ou-ab12-11111111 --org {org}"),
    )
    .ends(4);
    assert!(run.stderr.contains("Other of deny"), "{}", run.stderr);
    // The Region deny above is not lifted by the control of a unit.
    world.write("org/deny.json", region_deny("GRREGIONDENY", r#"["us-east-1"]"#));
    let run = generate(
        &world,
        &format!("control-tower us --allowed-region us-east-1 --home-region us-east-1 --target ou-ab12-11111111 --org {org}"),
    )
    .ends(4);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("GRREGIONDENY of deny"), "{}", run.stderr);
}

#[test]
fn accounts_and_least_privilege_are_taken_from_the_tables() {
    let world = World::new();
    let out = tables(&world);
    let run = generate(&world, &format!("accounts --dest {out}")).ends(0);
    let condition = &document(&run)["Statement"]["Condition"]["StringNotEquals"];
    let expected = json!(["012345678901", "111122223333", "444455556666"]);
    assert_eq!(condition["aws:PrincipalAccount"], expected);

    let role = "arn:aws:iam::111122223333:role/chat-backend";
    let run = generate(&world, &format!("least-privilege --dest {out} --principal {role}")).ends(0);
    let policy = world.write("least.json", &run.stdout);
    assert!(run.stderr.contains("nothing is allowed for a call"), "{}", run.stderr);
    let call = |reference: &str, operation: &str, verdict: &str| {
        let options = ["--region", "us-east-1", "--principal", role, "--identity", &policy];
        let call = [reference, "--operation", operation, "--expect", verdict];
        simulate(&world, &[&call[..], &options[..]].concat()).ends(0);
    };
    call("us.anthropic.claude-sonnet-4-6", "Converse", "allowed");
    call("us.anthropic.claude-sonnet-4-6", "ConverseStream", "denied");
    call("us.anthropic.claude-haiku-4-5-20251001-v1:0", "ConverseStream", "allowed");
    call("us.anthropic.claude-haiku-4-5-20251001-v1:0", "Converse", "denied");
    call("anthropic.claude-sonnet-4-6", "Converse", "denied");
    call("global.anthropic.claude-sonnet-4-6", "Converse", "denied");

    let nobody = "arn:aws:iam::111122223333:role/Nobody";
    generate(&world, &format!("least-privilege --dest {out} --principal {nobody}")).ends(5);
}
