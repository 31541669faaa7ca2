//! What a change does to logged calls. Random policies, changes, and calls: what becomes of a call is what the second
//! evaluator says with the values that the caller really had, of which the crate knows a part.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::denial::PolicyType;
use policy::replay::{
    Audit, Class, Counted, Evidence, Judge, LoggedDenial, Subject, TimeCuts, Totals, Verdicts,
    classify,
};
use policy::{Caller, Certainty, KeyState, Leg, LegKind, Legs, Level, Levels, Policy, Verdict};
use proptest::prelude::*;
use serde_json::Value;
use testkit::Dice;

use crate::random::{self, Case};
use crate::second::{self, Keys};
use crate::world::{FULL_ACCESS, of_type, scp, state};

/// Policies at levels, with the documents beside them.
#[derive(Clone)]
struct Attached(Vec<Vec<(Value, Arc<Policy>)>>);

impl Attached {
    fn policy(document: Value, name: &str) -> (Value, Arc<Policy>) {
        let policy = scp(name, &document.to_string());
        (document, policy)
    }

    fn new(documents: &[Vec<Value>]) -> Self {
        let level = |documents: &Vec<Value>| {
            let policies = documents.iter().enumerate();
            policies.map(|(n, it)| Self::policy(it.clone(), &format!("p{n}"))).collect()
        };
        Attached(documents.iter().map(level).collect())
    }

    fn levels(&self) -> Levels {
        let level = |(number, policies): (usize, &Vec<(Value, Arc<Policy>)>)| Level {
            policy_type: PolicyType::ServiceControl,
            node: Some(format!("n{number}")),
            policies: policies.iter().map(|(_, policy)| Arc::clone(policy)).collect(),
        };
        Levels::new(self.0.iter().enumerate().map(level).collect())
    }

    fn documents(&self) -> Vec<Vec<Value>> {
        let documents = |level: &Vec<(Value, Arc<Policy>)>| {
            level.iter().map(|(document, _)| document.clone()).collect()
        };
        self.0.iter().map(documents).collect()
    }

    /// Attaches, replaces, or detaches a policy.
    fn changed(&self, dice: &mut Dice) -> Self {
        let mut changed = self.clone();
        let place = dice.index(changed.0.len());
        let level = &mut changed.0[place];
        let new = Self::policy(random::document(dice), "new");
        match dice.below(3) {
            0 => level.push(new),
            1 => {
                let place = dice.index(level.len());
                level[place] = new;
            }
            _ => {
                let place = dice.index(level.len());
                level.remove(place);
            }
        }
        changed
    }
}

/// A call that was made.
struct Made {
    before: Attached,
    after: Attached,
    legs: Vec<(Leg, bool)>,
    given: Vec<(String, KeyState)>,
    /// What the caller really had.
    keys: Keys,
}

fn made(dice: &mut Dice) -> Option<Made> {
    let Case { levels, states, .. } = random::case(dice, 3);
    let all = random::completions(&states);
    if all.len() > 600 {
        return None;
    }
    let keys = dice.pick(&all).clone();
    let before = Attached::new(&levels);
    let after = before.changed(dice);
    let legs = (0..1 + dice.index(3)).map(|_| {
        let is_possible = dice.below(4) == 0;
        let leg = Leg {
            kind: LegKind::SourceModel,
            certainty: if is_possible { Certainty::Possible } else { Certainty::Required },
            action: dice.pick::<&str>(random::ACTIONS),
            resource: (*dice.pick(random::RESOURCES)).to_owned(),
            requested_region: "us-east-1".to_owned(),
            inference_profile_arn: KeyState::Unknown,
        };
        (leg, !is_possible || dice.below(2) == 0)
    });
    let legs = legs.collect();
    let given = states.into_iter().map(|(key, state)| (key.to_owned(), state)).collect();
    Some(Made { before, after, legs, given, keys })
}

impl Made {
    /// Whether policies allow what was asked for.
    fn allowed(&self, policies: &Attached) -> bool {
        let documents = policies.documents();
        let mut asked = self.legs.iter().filter(|(_, is_asked)| *is_asked);
        asked.all(|(leg, _)| second::allows(&documents, leg.action, &leg.resource, &self.keys))
    }

    fn caller(&self) -> Caller<'_> {
        let given = &self.given;
        let (organization_id, organization_path) = (None, None);
        Caller { account: "1", principal: None, organization_id, organization_path, given }
    }

    fn legs(&self) -> Legs {
        let legs = self.legs.iter().map(|(leg, _)| leg.clone()).collect();
        Legs { legs, missing: None, model: None }
    }

    /// What becomes of the call, and whether either verdict alone says that.
    fn check(&self) -> (Class, bool) {
        let subject = Subject::new(self.before.levels(), Some(self.after.levels()), false);
        let (was, is) = (self.allowed(&self.before), self.allowed(&self.after));
        let evidence = match was {
            true => Evidence::Authorized,
            false => Evidence::RefusedBy(PolicyType::ServiceControl),
        };
        let judge = subject.judge(&self.legs(), self.caller());
        let found = judge.judge(evidence, LoggedDenial::default());
        let shown = || {
            let [before, after] = [&self.before, &self.after]
                .map(|it| serde_json::to_string_pretty(&it.documents()).unwrap());
            format!("{found:?}\n{:?}\n{before}\n{after}\n{:?}", self.keys, self.legs)
        };
        match found.class {
            Class::StillAllowed => assert!(was && is, "{}", shown()),
            Class::NewlyDenied => assert!(was && !is, "{}", shown()),
            Class::NewlyAllowed => assert!(!was && is, "{}", shown()),
            Class::StillDenied => assert!(!was && !is, "{}", shown()),
            Class::Contradiction => panic!("the log is true: {}", shown()),
            Class::Undecided => assert!(
                judge.after().verdict == Verdict::Indeterminate && !found.reasons.is_empty(),
                "{}",
                shown()
            ),
        }
        let by_fact = judge.after().verdict == Verdict::Indeterminate
            && found.class != Class::Undecided
            && subject.is_changed();
        (found.class, by_fact)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn class_is_what_the_values_of_the_caller_come_to(seed: u64) {
        if let Some(made) = made(&mut Dice::new(seed)) {
            made.check();
        }
    }

    /// A false log is found out, or explained by nothing that is known.
    #[test]
    fn log_that_says_the_contrary_is_never_explained(seed: u64) {
        if let Some(made) = made(&mut Dice::new(seed)) {
            let subject = Subject::new(made.before.levels(), None, false);
            let judge = subject.judge(&made.legs(), made.caller());
            let evidence = match made.allowed(&made.before) {
                true => Evidence::RefusedBy(PolicyType::ServiceControl),
                false => Evidence::Authorized,
            };
            let class = judge.judge(evidence, LoggedDenial::default()).class;
            let is_certain = judge.before().verdict != Verdict::Indeterminate;
            prop_assert_eq!(is_certain, class == Class::Contradiction);
        }
    }
}

/// The cases above are worth something: each class is frequent, and facts decide where verdicts do not.
#[test]
fn random_calls_have_every_class() {
    let (mut counts, mut by_fact) = (BTreeMap::new(), [0, 0]);
    for made in (0..600).filter_map(|seed| made(&mut Dice::new(seed))) {
        let (class, is_by_fact) = made.check();
        *counts.entry(class).or_insert(0) += 1;
        by_fact[usize::from(class == Class::StillAllowed)] += usize::from(is_by_fact);
    }
    for class in Class::ALL.into_iter().filter(|class| *class != Class::Contradiction) {
        assert!(counts.get(&class).is_some_and(|n| *n >= 15), "{class:?}: {counts:?}");
    }
    assert!(by_fact.iter().all(|n| *n >= 10), "{by_fact:?}");
}

fn model_leg(region: &str, profile: KeyState) -> Leg {
    Leg {
        kind: LegKind::DestinationModel,
        certainty: Certainty::Required,
        action: "bedrock:InvokeModel",
        resource: format!("arn:aws:bedrock:{region}::foundation-model/m"),
        requested_region: region.to_owned(),
        inference_profile_arn: profile,
    }
}

fn levels(texts: &[&str]) -> Levels {
    let policy = |(number, text): (usize, &&str)| scp(&format!("p-{number}"), text);
    Levels::new(vec![Level {
        policy_type: PolicyType::ServiceControl,
        node: Some("r-1".to_owned()),
        policies: texts.iter().enumerate().map(policy).collect(),
    }])
}

const CALLER: Caller<'_> = Caller {
    account: "111122223333",
    principal: None,
    organization_id: None,
    organization_path: None,
    given: &[],
};

const DENY_OHIO: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"Ohio","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-2"}}}}"#;
const DENY_TAG: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/a":"b"}}}}"#;

fn judge(subject: &Subject) -> Judge<'_> {
    let legs = vec![model_leg("us-east-2", KeyState::Present)];
    subject.judge(&Legs { legs, missing: None, model: None }, CALLER)
}

#[test]
fn another_kind_of_policy_is_not_lifted_and_what_ran_was_allowed() {
    let before = || levels(&[FULL_ACCESS, DENY_OHIO]);
    let subject = Subject::new(before(), Some(levels(&[FULL_ACCESS])), false);
    let judge = judge(&subject);
    for (evidence, expected) in [
        (Evidence::RefusedBy(PolicyType::ServiceControl), Class::NewlyAllowed),
        (Evidence::RefusedBy(PolicyType::IdentityBased), Class::StillDenied),
        (Evidence::RefusedBy(PolicyType::Session), Class::StillDenied),
        (Evidence::RefusedOtherwise, Class::StillDenied),
        (Evidence::Refused, Class::NewlyAllowed),
        (Evidence::Authorized, Class::Contradiction),
        (Evidence::Unclear, Class::NewlyAllowed),
    ] {
        assert_eq!(judge.judge(evidence, LoggedDenial::default()).class, expected, "{evidence:?}");
    }
    // Where SCPs do not apply, none of them refused.
    let exempt = Subject::new(Levels::new(Vec::new()), None, true);
    let found = self::judge(&exempt);
    let scp = Evidence::RefusedBy(PolicyType::ServiceControl);
    assert_eq!(found.judge(scp, LoggedDenial::default()).class, Class::Contradiction);
    // Of others, none were given.
    let identity = Evidence::RefusedBy(PolicyType::IdentityBased);
    assert_eq!(found.judge(identity, LoggedDenial::default()).class, Class::StillDenied);
}

#[test]
fn evidence_follows_from_outcome_reason_and_type_of_policy() {
    for (outcome, reason, policy_type, expected) in [
        ("succeeded", None, None, Evidence::Authorized),
        ("throttled", Some("too_many_tokens"), None, Evidence::Authorized),
        ("failed", Some("timeout"), None, Evidence::Authorized),
        ("failed", None, None, Evidence::Authorized),
        ("failed", Some("validation"), None, Evidence::Unclear),
        ("failed", Some("legacy"), None, Evidence::Unclear),
        ("denied", Some("policy"), None, Evidence::Refused),
        ("denied", Some("model_access"), None, Evidence::RefusedOtherwise),
        (
            "denied",
            Some("policy"),
            Some("service_control_policy"),
            Evidence::RefusedBy(PolicyType::ServiceControl),
        ),
        ("?", None, None, Evidence::Unclear),
    ] {
        assert_eq!(Evidence::of(outcome, reason, policy_type), expected, "{outcome} {reason:?}");
    }
}

/// All combinations: what a fact says is never given up for a simulation.
#[test]
fn fact_beats_the_simulation() {
    use Verdict::{Allowed, Denied, Indeterminate};
    for before in [Allowed, Denied, Indeterminate] {
        for after in [None, Some(Allowed), Some(Denied), Some(Indeterminate)] {
            for (stays_allowed, stays_denied) in [(true, false), (false, true), (false, false)] {
                let of_refusing = Some(before);
                let verdicts = Verdicts { before, of_refusing, after, stays_allowed, stays_denied };
                let ran = classify(Evidence::Authorized, verdicts);
                assert!(!matches!(ran, Class::NewlyAllowed | Class::StillDenied), "{verdicts:?}");
                assert_eq!(ran == Class::Contradiction, before == Denied);
                let scp = Evidence::RefusedBy(PolicyType::ServiceControl);
                let refused = classify(scp, verdicts);
                assert!(!matches!(refused, Class::NewlyDenied | Class::StillAllowed));
                assert_eq!(refused == Class::Contradiction, before == Allowed);
                let unnamed = classify(Evidence::Refused, verdicts);
                assert!(matches!(
                    unnamed,
                    Class::NewlyAllowed | Class::StillDenied | Class::Undecided
                ));
            }
        }
    }
}

#[test]
fn refusal_by_a_type_that_is_given_is_held_against_that_type() {
    let identity = of_type("app", FULL_ACCESS, PolicyType::IdentityBased);
    let mut all = levels(&[FULL_ACCESS, DENY_OHIO]).levels().to_vec();
    all.push(Level {
        policy_type: PolicyType::IdentityBased,
        node: None,
        policies: vec![identity],
    });
    let subject = Subject::new(Levels::new(all), None, false);
    let judge = judge(&subject);
    let class =
        |policy_type| judge.judge(Evidence::RefusedBy(policy_type), LoggedDenial::default()).class;
    assert_eq!(class(PolicyType::ServiceControl), Class::StillDenied);
    // The identity-based policy allows it, whatever SCPs say.
    assert_eq!(class(PolicyType::IdentityBased), Class::Contradiction);
    assert_eq!(class(PolicyType::PermissionsBoundary), Class::StillDenied);
}

#[test]
fn audit_compares_outcome_leg_and_policy() {
    let subject = Subject::new(levels(&[FULL_ACCESS, DENY_OHIO, DENY_TAG]), None, false);
    let judge = judge(&subject);
    let arn = |id: &str| format!("arn:aws:organizations::9:policy/o-1/service_control_policy/{id}");
    let [ohio, tag, none] = ["p-1", "p-2", "p-9"].map(arn);
    let denial = |leg, policy_arn| LoggedDenial {
        leg: Some(leg),
        action: Some("bedrock:InvokeModel"),
        resource: Some("arn:aws:bedrock:us-east-2::foundation-model/m"),
        policy_type: Some("service_control_policy"),
        policy_arn,
    };
    let scp = Evidence::RefusedBy(PolicyType::ServiceControl);
    let mut audit = Audit::default();
    for (evidence, denial, calls) in [
        (scp, denial("destination_model", Some(ohio.as_str())), 1),
        (scp, denial("destination_model", Some(tag.as_str())), 10),
        (scp, denial("destination_model", Some(none.as_str())), 100),
        (scp, denial("source_model", None), 1_000),
        (Evidence::Authorized, LoggedDenial::default(), 10_000),
        (Evidence::RefusedBy(PolicyType::Session), LoggedDenial::default(), 100_000),
    ] {
        audit.add(judge.judge(evidence, denial).audited, calls);
    }
    let expected = Audit {
        outcomes: 11_111,
        reproduced: 1_111,
        contradicted: 10_000,
        open: 0,
        legs: 1_111,
        legs_reproduced: 111,
        policies: 111,
        policies_deciding: 1,
        policies_not_there: 100,
        not_comparable: 100_000,
    };
    assert_eq!(audit, expected);
}

#[test]
fn totals_add_up_and_name_what_decides() {
    let subject = Subject::new(levels(&[FULL_ACCESS, DENY_OHIO]), None, false);
    let judged = judge(&subject)
        .judge(Evidence::RefusedBy(PolicyType::ServiceControl), LoggedDenial::default());
    let mut totals = Totals::default();
    for (calls, first_ms, caller, event) in [(2, 5, "a", "x"), (3, 9, "b", "y"), (4, 1, "a", "z")] {
        let counted = Counted {
            calls,
            first_ms,
            last_ms: first_ms + 1,
            first_event: Some(event),
            caller: Some(caller),
            account: Some("1"),
            model: None,
            evidence: Evidence::RefusedBy(PolicyType::ServiceControl),
            denial: LoggedDenial::default(),
        };
        totals.add(vec![Some("us-east-1")], counted, &judged);
    }
    assert_eq!(totals.calls(Class::StillDenied), 9);
    let rows = totals.rows().collect::<Vec<_>>();
    let [(labels, class, total)] = rows.as_slice() else { panic!("one row") };
    assert_eq!((*labels, *class), (&[Some("us-east-1")][..], Class::StillDenied));
    assert_eq!((total.callers.len(), total.accounts.len(), total.models.len()), (2, 1, 0));
    assert_eq!((total.first_ms, total.last_ms), (Some(1), Some(10)));
    let ids = total.examples.iter().map(|it| it.event_id).collect::<Vec<_>>();
    assert_eq!(ids, ["x", "y", "z"]);
    let deciders = total.deciders.iter().map(|(it, calls)| (it.sid.as_deref(), *calls));
    assert_eq!(deciders.collect::<Vec<_>>(), [(Some("Ohio"), 9)]);
}

#[test]
fn literals_of_times_cut_calls_and_a_minute_about_them_is_not_known() {
    let at = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        )
    };
    let cuts = |texts: &[String]| {
        let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
        TimeCuts::of([&levels(&texts)])
    };
    let none = cuts(&[FULL_ACCESS.to_owned()]);
    assert_eq!((none.milliseconds(), none.states(0)), (Vec::new(), Vec::new()));
    let two = cuts(&[
        at(r#"{"DateLessThan":{"aws:CurrentTime":"1970-01-02T00:00:00Z"}}"#),
        at(r#"{"NumericLessThan":{"aws:EpochTime":"86430"}}"#),
        at(r#"{"DateGreaterThan":{"aws:EpochTime":"1000000"}}"#),
    ]);
    let day = 86_400;
    let bands = [day - 61, day + 91, 1_000_000 - 61, 1_000_000 + 61];
    assert_eq!(two.milliseconds(), bands.map(|second| second * 1000));
    let epoch =
        |n: usize| two.states(n).into_iter().find(|(key, _)| key == "aws:EpochTime").unwrap().1;
    assert_eq!(epoch(0), state("86338"));
    assert_eq!(epoch(1), KeyState::Present);
    assert_eq!(epoch(2), state("999938"));
    assert_eq!(epoch(3), KeyState::Present);
    assert_eq!(epoch(4), state("1000062"));
    let current = two.states(2).into_iter().find(|(key, _)| key == "aws:CurrentTime").unwrap().1;
    assert_eq!(current, state("1970-01-12T13:45:38Z"));
}

#[test]
fn refused_leg_is_known_where_the_record_does_not_say_what_was_called() {
    let of = |resource: &str| {
        let legs = Legs::of_refusal("bedrock:InvokeModel", resource, "us-east-1")?;
        let leg = &legs.legs[0];
        Some((leg.kind.as_str(), leg.requested_region.clone(), leg.inference_profile_arn.clone()))
    };
    for (resource, kind, region, profile) in [
        ("arn:aws:bedrock:us-east-2::foundation-model/m", "destination_model", "us-east-2", "!"),
        ("arn:aws:bedrock:us-east-1::foundation-model/m", "source_model", "us-east-1", "?"),
        ("arn:aws:bedrock:::foundation-model/m", "global_model", "unspecified", "!"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.m", "profile", "us-east-1", "-"),
    ] {
        assert_eq!(of(resource), Some((kind, region.to_owned(), state(profile))), "{resource}");
    }
    assert_eq!(of("arn:aws:s3:::bucket"), None);
    assert_eq!(Legs::of_refusal("s3:GetObject", "*", "us-east-1"), None);
    let legs = Legs::of_refusal(
        "bedrock:InvokeModel",
        "arn:aws:bedrock:us-east-2::foundation-model/m",
        "us-east-1",
    );
    let subject =
        Subject::new(levels(&[FULL_ACCESS, DENY_OHIO]), Some(levels(&[FULL_ACCESS])), false);
    let judge = subject.judge(&legs.unwrap(), CALLER);
    let scp = Evidence::RefusedBy(PolicyType::ServiceControl);
    let judged = judge.judge(scp, LoggedDenial::default());
    assert_eq!(judge.before().verdict, Verdict::Denied);
    // That it goes no further does not mean that the rest is allowed.
    assert_eq!(judged.class, Class::Undecided);
    assert_eq!(judged.missing.as_deref(), Some("the record does not say what was called"));
}

/// What is open before and after is compared statement by statement.
#[test]
fn fact_says_nothing_of_statements_that_were_not_there() {
    let allow = |value: &str| {
        let text = FULL_ACCESS.replace(
            r#""Resource":"*""#,
            &format!(
                r#""Resource":"*","Condition":{{"StringEquals":{{"aws:PrincipalTag/x":"{value}"}}}}"#
            ),
        );
        scp(value, &text)
    };
    let (one, other, full) = (allow("1"), allow("2"), scp("full", FULL_ACCESS));
    let (deny, another) =
        (scp("deny", DENY_TAG), scp("another", &DENY_TAG.replace("\"b\"", "\"c\"")));
    let levels = |policies: &[&Arc<Policy>]| {
        Levels::new(vec![Level {
            policy_type: PolicyType::ServiceControl,
            node: Some("r-1".to_owned()),
            policies: policies.iter().copied().cloned().collect(),
        }])
    };
    let scp = Evidence::RefusedBy(PolicyType::ServiceControl);
    for (before, after, ran, refused) in [
        // An Allow more, one less, one for certain.
        (vec![&one, &deny], vec![&one, &other, &deny], Class::StillAllowed, Class::Undecided),
        (vec![&one, &other, &deny], vec![&one, &deny], Class::Undecided, Class::StillDenied),
        (vec![&one, &deny], vec![&full, &deny], Class::StillAllowed, Class::Undecided),
        (vec![&full, &deny], vec![&one, &deny], Class::Undecided, Class::StillDenied),
        // A Deny more, one less, another one.
        (vec![&full, &deny], vec![&full, &deny, &another], Class::Undecided, Class::StillDenied),
        (vec![&full, &deny, &another], vec![&full, &deny], Class::StillAllowed, Class::Undecided),
        (vec![&full, &deny], vec![&full, &another], Class::Undecided, Class::Undecided),
    ] {
        let subject = Subject::new(levels(&before), Some(levels(&after)), false);
        let judge = judge(&subject);
        assert_eq!(judge.after().verdict, Verdict::Indeterminate);
        let class = |evidence| judge.judge(evidence, LoggedDenial::default()).class;
        let names = |all: &[&Arc<Policy>]| all.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        let case = (names(&before), names(&after));
        assert_eq!((class(Evidence::Authorized), class(scp)), (ran, refused), "{case:?}");
    }
}
