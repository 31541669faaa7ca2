//! The id that a mistyped one was meant to be. It is only shown: nothing resolves by it.

use std::cmp::Ordering;

use super::{Catalog, Lookup, without_head};
use crate::arn::Arn;
use crate::model_ref::TargetType;

/// The most changes of single characters, neighbors that changed places among them, that are a slip.
const MAX_CHANGES: usize = 2;

/// The most changes of a scope, which is short.
const MAX_SCOPE_CHANGES: usize = 1;

impl Catalog {
    /// The ids of the catalog that a model identifier was meant to be, if the catalog has no such model, or no such
    /// system profile of a model that it has: those with the fewest changes, in their order. None of them has other
    /// digits, because another number is another version, not a slip. Empty if the identifier is known, is opaque,
    /// or is like no id.
    pub fn meant(&self, model_ref: &str) -> Vec<String> {
        let read = self.read(model_ref);
        let id = match Arn::parse(&read.text) {
            Some(arn) => arn.resource_id().to_owned(),
            None => read.text,
        };
        match (read.target_type, read.model.as_deref().map(|model| self.model(model))) {
            (TargetType::GeoProfile | TargetType::GlobalProfile, Some(lookup)) => match lookup {
                Lookup::Exact(_) | Lookup::Base(_) => self.meant_profiles(&id),
                Lookup::Ambiguous => Vec::new(),
                Lookup::Unknown => self.meant_ids(&id),
            },
            (TargetType::FoundationModel, Some(Lookup::Unknown)) | (TargetType::Unknown, None) => {
                self.meant_ids(&id)
            }
            _ => Vec::new(),
        }
    }

    /// The system profiles of a model, in their order.
    pub fn profiles_of_model(&self, model_id: &str) -> Vec<&str> {
        let of_model = |id: &&String| without_head(id) == Some(model_id);
        self.profiles.keys().filter(of_model).map(String::as_str).collect()
    }

    fn meant_ids(&self, id: &str) -> Vec<String> {
        let typed = id.to_lowercase();
        if self.by_id.contains_key(&typed) || self.profiles.contains_key(&typed) {
            return vec![typed];
        }
        let known = self.by_id.keys().chain(self.profiles.keys()).map(String::as_str);
        let mut found = nearest(&typed, known, MAX_CHANGES);
        found.sort();
        found
    }

    /// A scope that other models have is no slip: this one lacks it.
    fn meant_profiles(&self, id: &str) -> Vec<String> {
        let Some((scope, model)) = id.split_once('.') else { return Vec::new() };
        let is_of_scope = |known: &String| known.split_once('.').is_some_and(|it| it.0 == scope);
        if self.profiles.keys().any(is_of_scope) {
            return Vec::new();
        }
        let profiles = self.profiles_of_model(model);
        let scopes = profiles.iter().filter_map(|known| known.split_once('.')).map(|it| it.0);
        let scopes = nearest(scope, scopes, MAX_SCOPE_CHANGES);
        scopes.into_iter().map(|scope| format!("{scope}.{model}")).collect()
    }
}

/// The candidates with the fewest changes, at most so many, and with the same digits. Of those that are equally far,
/// one with the same characters in another order comes alone: `ue` is `eu`, not `us`.
pub fn nearest<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
    max_changes: usize,
) -> Vec<String> {
    let mut least = (max_changes, true);
    let mut found = Vec::<String>::new();
    for candidate in candidates {
        let changes = candidate.len().abs_diff(typed.len());
        if changes > max_changes || !digits(candidate).eq(digits(typed)) {
            continue;
        }
        let changes = strsim::osa_distance(typed, candidate);
        if changes > least.0 {
            continue;
        }
        let key = (changes, sorted(candidate) != sorted(typed));
        match key.cmp(&least) {
            Ordering::Greater => {}
            Ordering::Equal => found.push(candidate.to_owned()),
            Ordering::Less => {
                least = key;
                found = vec![candidate.to_owned()];
            }
        }
    }
    found
}

fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_digit)
}

fn sorted(text: &str) -> Vec<char> {
    let mut characters = text.chars().collect::<Vec<_>>();
    characters.sort_unstable();
    characters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Regions;

    #[test]
    fn slip_is_answered_with_the_id_that_was_meant() {
        let catalog = Catalog::embedded();
        for (typed, expected) in [
            ("us.anthropic.claude-sonet-4-6", "us.anthropic.claude-sonnet-4-6"),
            ("anthropic.claude-sonnet46", "anthropic.claude-sonnet-4-6"),
            ("us.antropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"),
            ("us-anthropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"),
            ("US.ANTHROPIC.CLAUDE-SONNET-4-6", "us.anthropic.claude-sonnet-4-6"),
            ("ue.anthropic.claude-sonnet-4-6", "eu.anthropic.claude-sonnet-4-6"),
            ("gobal.anthropic.claude-sonnet-4-6", "global.anthropic.claude-sonnet-4-6"),
            ("amazon.nova-liet-v1:0", "amazon.nova-lite-v1:0"),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-liet-v1:0",
                "amazon.nova-lite-v1:0",
            ),
            (
                "arn:aws:bedrock:us-east-1:111122223333:inference-profile/ue.amazon.nova-lite-v1:0",
                "eu.amazon.nova-lite-v1:0",
            ),
            // Known, of another version, of no such profile, opaque, or like nothing.
            ("us.anthropic.claude-sonnet-4-6", ""),
            ("anthropic.claude-sonnet-4-7", ""),
            ("au.amazon.nova-lite-v1:0", ""),
            ("mars.anthropic.claude-sonnet-4-6", ""),
            ("arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc", ""),
            ("my-provisioned-model", ""),
            ("", ""),
        ] {
            assert_eq!(catalog.meant(typed).join(" "), expected, "{typed}");
        }
    }

    #[test]
    fn region_is_answered_with_the_one_that_was_meant() {
        let regions = Regions::embedded();
        for (typed, expected) in [
            ("us-esat-1", "us-east-1"),
            ("US-EAST-1", "us-east-1"),
            (" us-east-1 ", "us-east-1"),
            ("us east 1", "us-east-1"),
            ("us_east_1", "us-east-1"),
            ("useast1", "us-east-1"),
            ("US East (N. Virginia)", "us-east-1"),
            ("n. virginia", "us-east-1"),
            ("Frankfurt", "eu-central-1"),
            ("us-wast-1", "us-east-1 us-west-1"),
            // An Availability Zone.
            ("us-east-1a", "us-east-1"),
            ("us-east-1", ""),
            ("us-east-9", ""),
            ("xx-nowhere-1", ""),
            ("", ""),
        ] {
            assert_eq!(regions.meant(typed).join(" "), expected, "{typed}");
        }
    }
}
