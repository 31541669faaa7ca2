//! Texts of policies with variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

use std::collections::BTreeSet;

use crate::glob::Symbol;
use crate::known::{Context, KeyState};

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<Symbol>),
    Variable { key: String, default: Option<String> },
}

/// A text whose variables were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    Symbols(Vec<Symbol>),
    /// A variable has no value; the statement does not apply.
    Unresolvable,
    /// The values of these keys decide.
    Unknown {
        keys: BTreeSet<String>,
        /// Those of them without which a variable would have no value.
        needed: BTreeSet<String>,
    },
}

impl Template {
    /// Takes a text apart. Without variables, as in a policy without the version 2012-10-17, it is plain. `Err`
    /// is a variable without an end.
    pub(crate) fn read(text: &str, has_variables: bool) -> Result<Self, ()> {
        let mut pieces = Vec::new();
        let mut plain = Vec::new();
        let wild = |character| Symbol { character, may_be_wild: true };
        let mut rest = text;
        while has_variables && let Some((before, after)) = rest.split_once("${") {
            plain.extend(before.chars().map(wild));
            let (inner, after) = after.split_once('}').ok_or(())?;
            rest = after;
            if let "*" | "?" | "$" = inner {
                let literal = |character| Symbol { character, may_be_wild: false };
                plain.extend(inner.chars().map(literal));
                continue;
            }
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            let (key, default) = match inner.split_once(',') {
                Some((key, default)) => (key, Some(default.trim().trim_matches('\'').to_owned())),
                None => (inner, None),
            };
            pieces.push(Piece::Variable { key: key.trim().to_owned(), default });
        }
        plain.extend(rest.chars().map(wild));
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template { pieces })
    }

    /// The symbols of a text without variables.
    pub(crate) fn plain(&self) -> Option<&[Symbol]> {
        match self.pieces.as_slice() {
            [Piece::Text(symbols)] => Some(symbols),
            _ => None,
        }
    }

    /// The symbols, with one value in place of every variable.
    pub(crate) fn with_variables(&self, value: &str) -> Vec<Symbol> {
        let literal = |character| Symbol { character, may_be_wild: false };
        let of_piece = |piece: &Piece| match piece {
            Piece::Text(symbols) => symbols.clone(),
            Piece::Variable { .. } => value.chars().map(literal).collect(),
        };
        self.pieces.iter().flat_map(of_piece).collect()
    }

    /// The keys of the variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Replaces the variables. What a value has of `*` and `?` is no wildcard.
    pub(crate) fn resolve(&self, context: &Context) -> Resolved {
        let mut symbols = Vec::new();
        let (mut keys, mut needed) = (BTreeSet::new(), BTreeSet::new());
        let literal = |character| Symbol { character, may_be_wild: false };
        for piece in &self.pieces {
            let (key, default) = match piece {
                Piece::Text(text) => {
                    symbols.extend_from_slice(text);
                    continue;
                }
                Piece::Variable { key, default } => (key, default),
            };
            // A name without a colon is no key at all: a placeholder that nobody replaced.
            let state = if key.contains(':') { context.state(key) } else { &KeyState::Absent };
            match (state, default) {
                (KeyState::Values(values), _) if values.len() == 1 => {
                    symbols.extend(values[0].chars().map(literal));
                }
                (KeyState::Absent, Some(default)) => symbols.extend(default.chars().map(literal)),
                (KeyState::Absent, None) => return Resolved::Unresolvable,
                // What several values make of a variable is not documented.
                (state, default) => {
                    keys.insert(key.clone());
                    if *state == KeyState::Unknown && default.is_none() {
                        needed.insert(key.clone());
                    }
                }
            }
        }
        if keys.is_empty() {
            Resolved::Symbols(symbols)
        } else {
            Resolved::Unknown { keys, needed }
        }
    }
}
