//! The same organization gives the same verdicts in every form; where a form says less, no verdict is wrong.

use policy::intake::cloudformation;
use policy::{Context, KeyState, Levels, Organization, Request, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::forms::{Account, Unit, World, account_id, unit_id};

const POLICIES: [&str; 5] = [
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"Region","Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]}}}]}"#,
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["bedrock:InvokeModel"],"Resource":"arn:aws:bedrock:*::foundation-model/anthropic.*"}}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]}"#,
    r#"{"Statement":[{"Effect":"Deny","NotAction":"bedrock:*","Resource":"*"}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
];

fn world() -> impl Strategy<Value = World> {
    let policies = || subsequence((0..POLICIES.len()).collect::<Vec<_>>(), 0..=2);
    let units = vec((any::<prop::sample::Index>(), policies()), 0..5);
    let accounts = vec((any::<prop::sample::Index>(), policies()), 1..4);
    (policies(), units, accounts).prop_map(|(of_root, units, accounts)| {
        // The parent of each is one before it; the first place is the root.
        let place = |index: prop::sample::Index, n: usize| index.index(n + 1).checked_sub(1);
        let unit = |(n, (parent, policies)): (usize, (prop::sample::Index, _))| Unit {
            parent: place(parent, n),
            policies,
        };
        let units = units.into_iter().enumerate().map(unit).collect::<Vec<_>>();
        let account = |(unit, policies)| Account { unit: place(unit, units.len()), policies };
        let accounts = accounts.into_iter().map(account).collect();
        World { policies: POLICIES.map(str::to_owned).into(), of_root, units, accounts }
    })
}

/// The verdicts on requests of every kind that the policies tell apart.
fn verdicts(organization: &Organization, account: &str) -> Vec<Verdict> {
    let scps = organization.scps(account).unwrap();
    let levels = Levels::new(scps.levels).with_elsewhere(scps.elsewhere);
    let mut found = Vec::new();
    for action in ["bedrock:InvokeModel", "bedrock:GetFoundationModel", "iam:PassRole"] {
        for resource in [
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
        ] {
            for region in ["us-east-1", "eu-west-1"] {
                for tag in [KeyState::Absent, KeyState::value("x"), KeyState::Unknown] {
                    let mut context = Context::default();
                    context.set("aws:RequestedRegion", KeyState::value(region));
                    context.set("aws:PrincipalTag/team", tag);
                    found.push(levels.decide(Request { action, resource }, &context).verdict);
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_form_gives_the_same_verdicts(world in world()) {
        let own = world.as_own();
        for (form, found) in world.in_forms() {
            let found = found.unwrap_or_else(|it| panic!("{form}: {it}")).organization;
            for account in 0..world.accounts.len() {
                let id = account_id(account);
                prop_assert_eq!(verdicts(&found, &id), verdicts(&own, &id), "{} {}", form, id);
                let path = own.organization_path(&id);
                // A unit that is only planned has no ID yet.
                if form != "terraform_plan" || world.accounts[account].unit.is_none() {
                    prop_assert_eq!(found.organization_path(&id), path, "{}", form);
                } else {
                    prop_assert_eq!(found.organization_path(&id), None, "{}", form);
                }
            }
        }
    }

    #[test]
    fn forms_without_accounts_give_the_same_verdicts_for_an_account_in_a_unit(world in world()) {
        let own = world.as_own();
        for (place, account) in world.accounts.iter().enumerate() {
            let id = account_id(place);
            for (form, found, unit) in world.in_forms_without_accounts(account.unit) {
                let mut found = found.unwrap_or_else(|it| panic!("{form}: {it}")).organization;
                let undecided = verdicts(&found, &id);
                if form == "cfct" && !account.policies.is_empty() {
                    continue;
                }
                let truth = verdicts(&own, &id);
                check_sound(&undecided, &truth, form)?;
                found.place(&unit).unwrap();
                prop_assert_eq!(verdicts(&found, &id), truth, "{} {}", form, unit);
            }
        }
    }

    /// A template that knows nothing of the tree: what it decides is right wherever its units are.
    #[test]
    fn what_a_part_of_the_organization_decides_is_right(world in world()) {
        let own = world.as_own();
        let template = world.as_flat_cloudformation().to_string();
        let part = cloudformation::read("template.json", &template).unwrap().organization;
        for (place, account) in world.accounts.iter().enumerate() {
            let (id, truth) = (account_id(place), verdicts(&own, &account_id(place)));
            check_sound(&verdicts(&part, &id), &truth, "anywhere")?;
            prop_assert_eq!(part.organization_path(&id), None);
            let mut placed = part.clone();
            let unit = account.unit.map(unit_id);
            if let Some(unit) = unit.filter(|unit| placed.place(unit).is_ok()) {
                check_sound(&verdicts(&placed, &id), &truth, &unit)?;
            }
        }
    }
}

fn check_sound(found: &[Verdict], truth: &[Verdict], what: &str) -> Result<(), TestCaseError> {
    for (found, truth) in found.iter().zip(truth) {
        prop_assert!(
            found == truth || *found == Verdict::Indeterminate,
            "{what}: {found:?} {truth:?}"
        );
    }
    Ok(())
}
