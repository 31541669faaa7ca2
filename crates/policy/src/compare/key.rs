//! The classes of what a request has of one condition key: nothing, a value, or several.

use std::collections::{BTreeMap, BTreeSet};

use super::class::{Choice, Classes, Cost, Dimension};
use super::example::{self, MADE_UP, UNLIKELY, WRITTEN};
use super::point;
use super::set::Set;
use crate::condition::{Condition, Literal};
use crate::glob::product::{Budget, OverBudget, combinations};
use crate::glob::{Glob, symbols};
use crate::key::{self, KeyType, KeyValues};
use crate::known::{Context, KeyState, Truth};
use crate::operator::{Comparison, Quantifier};

/// What values of a key are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Text,
    Number,
    Date,
    Address,
}

/// What conditions on a key compare it as; `None` if they differ. Presence alone is text.
pub(super) fn family(conditions: &[&Condition]) -> Option<Family> {
    let families = conditions.iter().filter_map(|it| match it.test.operator.comparison {
        Comparison::Text { .. } | Comparison::Arn | Comparison::Bool | Comparison::Binary => {
            Some(Family::Text)
        }
        Comparison::Number(_) => Some(Family::Number),
        Comparison::Date(_) => Some(Family::Date),
        Comparison::Address => Some(Family::Address),
        Comparison::Null => None,
    });
    let mut families = families.collect::<Vec<_>>();
    families.sort();
    families.dedup();
    match families.as_slice() {
        [] => Some(Family::Text),
        [one] => Some(*one),
        _ => None,
    }
}

/// The classes of a key, by conditions without variables, which are the predicates.
pub(super) fn dimension(
    key: &str,
    conditions: &[&Condition],
    family: Family,
    budget: &mut Budget,
) -> Result<Dimension, OverBudget> {
    let n_conditions = conditions.len();
    let holding = |state: &KeyState| {
        let mut context = Context::default();
        context.set(key, state.clone());
        let mut holding = Set::empty(n_conditions);
        for (predicate, condition) in conditions.iter().enumerate() {
            if condition.holds(&context) == Truth::True {
                holding.insert(predicate);
            }
        }
        holding
    };
    let mut classes = Classes::default();
    classes.add(holding(&KeyState::Absent), Choice::absent(example::rank_of_absent(key)));
    let mut values = BTreeMap::<Set, Choice>::new();
    for choice in choices(key, conditions, family, budget)? {
        budget.take(n_conditions)?;
        let passing = holding(&choice.state);
        classes.add(passing.clone(), choice.clone());
        let best = values.entry(passing).or_insert_with(|| choice.clone());
        if choice < *best {
            *best = choice;
        }
    }
    if may_have_several(key, conditions) {
        let values = values.into_iter().collect::<Vec<_>>();
        add_several(&values, conditions, &mut classes, budget)?;
    }
    Ok(classes.finish(n_conditions))
}

/// Whether requests may have several values of the key. Of a key that hoptrail does not know, that is so if a
/// condition asks for all or any of them.
fn may_have_several(key: &str, conditions: &[&Condition]) -> bool {
    match key::find(key) {
        Some(known) => known.values == KeyValues::Many,
        None => conditions.iter().any(|it| {
            it.test.quantifier != Quantifier::One && it.test.operator.comparison != Comparison::Null
        }),
    }
}

/// Values for every way in which the conditions tell values apart.
fn choices(
    key: &str,
    conditions: &[&Condition],
    family: Family,
    budget: &mut Budget,
) -> Result<Vec<Choice>, OverBudget> {
    let known_type = key::find(key).map(|known| known.key_type);
    if known_type == Some(KeyType::Bool) && family == Family::Text {
        return Ok(["true", "false"].map(|it| Choice::value(it, 0)).to_vec());
    }
    let literals = conditions.iter().flat_map(|condition| &condition.values).collect::<Vec<_>>();
    let mut found = example::values(key);
    if family == Family::Text {
        found.extend(texts(conditions, budget)?);
        return Ok(found);
    }
    let points = match family {
        Family::Number => {
            let of = |literal: &&Literal| match literal {
                Literal::Number(number) => Some(number.clone()),
                _ => None,
            };
            let values = literals.iter().filter_map(of).collect::<Vec<_>>();
            point::numbers(&values.iter().collect::<Vec<_>>())
        }
        Family::Date => {
            let of = |literal: &&Literal| match literal {
                Literal::Date(time) => Some(*time),
                _ => None,
            };
            point::times(&literals.iter().filter_map(of).collect::<Vec<_>>())
        }
        _ => {
            let of = |literal: &&Literal| match literal {
                Literal::Address(network) => Some(*network),
                _ => None,
            };
            point::addresses(&literals.iter().filter_map(of).collect::<Vec<_>>())
        }
    };
    budget.take(points.len())?;
    found.extend(points.iter().map(|it| Choice::value(it, WRITTEN)));
    // A key of such a type always has such a value; of others, that is not known.
    let is_of_type = |text: &str| match family {
        Family::Number => crate::decimal::Decimal::parse(text).is_some(),
        Family::Date => crate::condition::date(text).is_some(),
        _ => text.parse::<std::net::IpAddr>().is_ok(),
    };
    let has_type = matches!(
        (family, known_type),
        (Family::Number, Some(KeyType::Number))
            | (Family::Date, Some(KeyType::Date))
            | (Family::Address, Some(KeyType::Address))
    );
    found.retain_mut(|choice| {
        let fits = is_of_type(choice.text());
        choice.cost.rank += if fits { 0 } else { UNLIKELY };
        fits || !has_type
    });
    Ok(found)
}

/// Texts for every combination of conditions.
fn texts(conditions: &[&Condition], budget: &mut Budget) -> Result<Vec<Choice>, OverBudget> {
    let mut lists = BTreeSet::new();
    let mut found = Vec::new();
    for condition in conditions {
        let mut globs = BTreeSet::new();
        for literal in &condition.values {
            match literal {
                Literal::Pattern(pattern) => {
                    globs.extend(pattern.glob().cloned());
                    if let Some(symbols) = pattern.plain() {
                        found.push(Choice::value(&example::filled(symbols), WRITTEN));
                    }
                }
                Literal::Bool(flag) => {
                    globs.insert(Glob::text(&symbols(flag), false, true));
                }
                Literal::Binary(text) => {
                    globs.insert(Glob::text(&symbols(text), false, false));
                    found.push(Choice::value(text, WRITTEN));
                }
                _ => {}
            }
        }
        lists.insert(globs);
    }
    let lists = lists.iter().map(|globs| globs.iter().collect()).collect::<Vec<_>>();
    for combination in combinations(&lists, &[], budget)? {
        let rank = if combination.text.is_empty() { UNLIKELY } else { MADE_UP };
        found.push(Choice::value(&combination.text, rank));
    }
    Ok(found)
}

/// Adds classes of several values. A set of values passes a test of all or any of them by which values it has,
/// and so grows value by value until it tells nothing new. What AWS makes of several values without
/// `ForAllValues` or `ForAnyValue` is not documented: both are tried.
fn add_several(
    values: &[(Set, Choice)],
    conditions: &[&Condition],
    classes: &mut Classes,
    budget: &mut Budget,
) -> Result<(), OverBudget> {
    let n_conditions = conditions.len();
    let of_quantifier = |quantifier| {
        let mut found = Set::empty(n_conditions);
        for (predicate, condition) in conditions.iter().enumerate() {
            if condition.test.quantifier == quantifier {
                found.insert(predicate);
            }
        }
        found
    };
    let [for_all, for_any, for_one] =
        [Quantifier::All, Quantifier::Any, Quantifier::One].map(of_quantifier);
    let single =
        values.iter().map(|(passing, choice)| ((passing.clone(), passing.clone()), vec![choice]));
    let mut reached = single.collect::<Vec<_>>();
    let mut seen = reached.iter().map(|(state, _)| state.clone()).collect::<BTreeSet<_>>();
    let mut next = 0;
    while next < reached.len() {
        let ((all, any), choices) = reached[next].clone();
        for (passing, choice) in values {
            budget.take(1 + n_conditions)?;
            let state = (all.and(passing), any.or(passing));
            if !seen.insert(state.clone()) {
                continue;
            }
            let mut choices = choices.clone();
            choices.push(choice);
            let quantified = state.0.and(&for_all).or(&state.1.and(&for_any));
            for undocumented in [&state.0, &state.1] {
                let holding = quantified.or(&undocumented.and(&for_one));
                classes.add(holding, several(&choices));
            }
            reached.push((state, choices));
        }
        next += 1;
    }
    Ok(())
}

fn several(choices: &[&Choice]) -> Choice {
    let cost = Cost {
        rank: choices.iter().map(|it| it.cost.rank).sum(),
        n_characters: choices.iter().map(|it| it.cost.n_characters + 1).sum(),
    };
    let values = choices.iter().map(|it| it.text().to_owned()).collect();
    Choice { cost, state: KeyState::Values(values) }
}
