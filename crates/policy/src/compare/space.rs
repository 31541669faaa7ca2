//! The requests that two documents can tell apart, and which of them each statement applies to.

use std::collections::{BTreeMap, BTreeSet};

use super::area::Area;
use super::class::{Choice, Classes, Dimension};
use super::example;
use super::key;
use super::set::Set;
use crate::condition::{Condition, Pattern};
use crate::document::{Effect, Statement};
use crate::glob::product::{Budget, OverBudget, combinations};
use crate::glob::{Glob, symbols};

/// What a dimension is of.
#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    Action,
    Resource,
    /// A condition key, by its name in lower case.
    Key(String),
    /// Something that hangs on variables, on a key that is compared as things of several kinds, or on who
    /// calls: what is the same in both documents is the same in a request, but nothing else is known of it.
    Open(Open<'a>),
}

/// What may hold or not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Open<'a> {
    Condition(&'a Condition),
    /// The resources of a statement.
    Resources(&'a Statement),
    /// The callers of a statement.
    Principals,
}

/// All requests, by dimension.
#[derive(Debug)]
pub(super) struct Space<'a> {
    pub(super) kinds: Vec<Kind<'a>>,
    pub(super) dimensions: Vec<Dimension>,
}

/// For each statement, the predicates that all have to hold, each with its dimension.
type Predicates = Vec<Vec<(usize, usize)>>;

struct Builder<'a, 'b> {
    statements: &'b [&'a Statement],
    space: Space<'a>,
    predicates: Predicates,
    budget: &'b mut Budget,
}

impl<'a> Space<'a> {
    /// The space of statements, and the area of each; `None` for one that applies to no request.
    pub(super) fn of(
        statements: &[&'a Statement],
        budget: &mut Budget,
    ) -> Result<(Self, Vec<Option<Area>>), OverBudget> {
        let space = Space { kinds: Vec::new(), dimensions: Vec::new() };
        let predicates = vec![Vec::new(); statements.len()];
        let mut builder = Builder { statements, space, predicates, budget };
        builder.add_actions()?;
        builder.add_resources()?;
        builder.add_keys()?;
        builder.add_principals();
        let Builder { space, predicates, .. } = builder;
        let mut areas = Vec::with_capacity(statements.len());
        for predicates in predicates {
            let mut sets = space.dimensions.iter().map(Dimension::all).collect::<Vec<_>>();
            budget.take(sets.len())?;
            for (dimension, predicate) in predicates {
                sets[dimension] =
                    sets[dimension].and(&space.dimensions[dimension].members[predicate]);
            }
            areas.push(Area::new(sets));
        }
        Ok((space, areas))
    }
}

impl<'a> Builder<'a, '_> {
    fn add(&mut self, kind: Kind<'a>, dimension: Dimension) -> usize {
        self.space.kinds.push(kind);
        self.space.dimensions.push(dimension);
        self.space.dimensions.len() - 1
    }

    /// A dimension of patterns that statements list; some statements list none of this kind.
    fn add_patterns(
        &mut self,
        kind: Kind<'a>,
        lists: &[Option<(BTreeSet<&Glob>, bool)>],
        within: &[&Glob],
        examples: Vec<Choice>,
    ) -> Result<(), OverBudget> {
        let distinct = lists.iter().flatten().collect::<BTreeSet<_>>();
        let distinct = distinct.into_iter().collect::<Vec<_>>();
        let globs = distinct.iter().map(|(globs, _)| globs.iter().copied().collect::<Vec<_>>());
        let globs = globs.collect::<Vec<_>>();
        let holding = |is_matched: &dyn Fn(usize) -> bool| {
            let mut holding = Set::empty(distinct.len());
            for (predicate, (_, is_not)) in distinct.iter().enumerate() {
                if is_matched(predicate) != *is_not {
                    holding.insert(predicate);
                }
            }
            holding
        };
        let mut classes = Classes::default();
        for combination in combinations(&globs, within, self.budget)? {
            self.budget.take(distinct.len())?;
            let matched = holding(&|list| combination.matched.binary_search(&list).is_ok());
            classes.add(matched, Choice::value(&combination.text, example::UNLIKELY));
        }
        let n_steps = globs.iter().map(|globs| globs.len() + 1).sum::<usize>();
        for choice in examples {
            self.budget.take(n_steps)?;
            let text = choice.text();
            if within.iter().any(|glob| glob.is_match(text)) {
                let matched = holding(&|list| globs[list].iter().any(|glob| glob.is_match(text)));
                classes.add(matched, choice);
            }
        }
        let dimension = self.add(kind, classes.finish(distinct.len()));
        for (statement, list) in lists.iter().enumerate() {
            let Some(list) = list else { continue };
            let predicate = distinct.binary_search(&list).unwrap_or_default();
            self.predicates[statement].push((dimension, predicate));
        }
        Ok(())
    }

    fn add_actions(&mut self) -> Result<(), OverBudget> {
        let list = |it: &&'a Statement| Some((it.actions().iter().collect(), it.is_not_action()));
        let statements = self.statements;
        let lists = statements.iter().map(list).collect::<Vec<_>>();
        let mut examples = example::actions();
        for text in statements.iter().flat_map(|it| it.action_texts()) {
            let symbols = symbols(text);
            let rank =
                if example::is_plain(&symbols) { example::WRITTEN } else { example::MADE_UP };
            examples.push(Choice::value(&example::filled(&symbols), rank));
        }
        self.add_patterns(Kind::Action, &lists, &[&Glob::any_action()], examples)
    }

    fn add_resources(&mut self) -> Result<(), OverBudget> {
        let statements = self.statements;
        let list = |it: &&'a Statement| {
            let globs = it.resources().iter().map(Pattern::glob).collect::<Option<BTreeSet<_>>>();
            globs.map(|globs| (globs, it.is_not_resource()))
        };
        let lists = statements.iter().map(list).collect::<Vec<_>>();
        let mut examples = example::resources();
        let patterns = statements.iter().flat_map(|it| it.resources());
        for symbols in patterns.filter_map(Pattern::plain) {
            examples.push(Choice::value(&example::filled(symbols), example::WRITTEN));
        }
        let star = Glob::text(&symbols("*"), false, false);
        let within = [&star, &Glob::any_arn()];
        self.add_patterns(Kind::Resource, &lists, &within, examples)?;
        let mut known = Vec::<(&Statement, usize)>::new();
        for (index, statement) in statements.iter().enumerate() {
            if lists[index].is_some() {
                continue;
            }
            let is_same = |(other, _): &&(&Statement, usize)| {
                let (own, others) = (statement.resources(), other.resources());
                statement.is_not_resource() == other.is_not_resource()
                    && own.iter().all(|it| others.iter().any(|other| other.covers(it)))
                    && others.iter().all(|it| own.iter().any(|own| own.covers(it)))
            };
            let dimension = match known.iter().find(is_same) {
                Some((_, dimension)) => *dimension,
                None => {
                    let kind = Kind::Open(Open::Resources(statement));
                    let dimension = self.add(kind, Dimension::open());
                    known.push((statement, dimension));
                    dimension
                }
            };
            self.predicates[index].push((dimension, 0));
        }
        Ok(())
    }

    fn add_keys(&mut self) -> Result<(), OverBudget> {
        let mut by_key = BTreeMap::<&str, Vec<(usize, &'a Condition)>>::new();
        for (index, statement) in self.statements.iter().enumerate() {
            for condition in statement.conditions() {
                let conditions = by_key.entry(&condition.key_in_lower_case).or_default();
                conditions.push((index, condition));
            }
        }
        for (key, conditions) in by_key {
            // Conditions that ask the same are one.
            let mut distinct = Vec::<&Condition>::new();
            let mut uses = Vec::new();
            for (statement, condition) in conditions {
                self.budget.take(1 + distinct.len())?;
                let place = distinct.iter().position(|known| known.is_same(condition));
                uses.push((statement, place.unwrap_or(distinct.len())));
                if place.is_none() {
                    distinct.push(condition);
                }
            }
            self.add_key(key, &distinct, &uses)?;
        }
        Ok(())
    }

    fn add_key(
        &mut self,
        key: &str,
        conditions: &[&'a Condition],
        uses: &[(usize, usize)],
    ) -> Result<(), OverBudget> {
        let (open, plain) = conditions.iter().partition::<Vec<_>, _>(|it| it.has_variables());
        let family = key::family(&plain);
        let (open, plain) = match family {
            Some(_) => (open, plain),
            None => (conditions.to_vec(), Vec::new()),
        };
        let mut places = vec![(0, 0); conditions.len()];
        let place_of = |condition: &Condition| {
            conditions.iter().position(|it| std::ptr::eq(*it, condition)).unwrap_or_default()
        };
        if let Some(family) = family.filter(|_| !plain.is_empty()) {
            let of_key = key::dimension(key, &plain, family, self.budget)?;
            let dimension = self.add(Kind::Key(key.to_owned()), of_key);
            for (predicate, condition) in plain.iter().enumerate() {
                places[place_of(condition)] = (dimension, predicate);
            }
        }
        let mut known = Vec::<(&Condition, usize)>::new();
        for condition in open {
            self.budget.take(1 + known.len())?;
            let same = known.iter().find(|(other, _)| condition.is_equivalent(other));
            let dimension = match same {
                Some((_, dimension)) => *dimension,
                None => self.add(Kind::Open(Open::Condition(condition)), Dimension::open()),
            };
            known.push((condition, dimension));
            places[place_of(condition)] = (dimension, 0);
        }
        for (statement, place) in uses {
            self.predicates[*statement].push(places[*place]);
        }
        Ok(())
    }

    fn add_principals(&mut self) {
        let mut known = Vec::<(&Statement, usize)>::new();
        let statements = self.statements;
        for (index, statement) in statements.iter().enumerate() {
            if statement.is_about_everyone() {
                continue;
            }
            let is_same = |(other, _): &&(&Statement, usize)| statement.has_principals_of(other);
            let dimension = match known.iter().find(is_same) {
                Some((_, dimension)) => *dimension,
                None => {
                    let kind = Kind::Open(Open::Principals);
                    let dimension = self.add(kind, Dimension::open());
                    known.push((statement, dimension));
                    dimension
                }
            };
            self.predicates[index].push((dimension, 0));
        }
    }
}

/// The areas of the statements with an effect.
pub(super) fn of_effect(
    statements: &[Statement],
    areas: &[Option<Area>],
    effect: Effect,
) -> Vec<Area> {
    let pairs = statements.iter().zip(areas);
    let of_effect = pairs.filter(|(statement, _)| statement.effect == effect);
    of_effect.filter_map(|(_, area)| area.clone()).collect()
}
