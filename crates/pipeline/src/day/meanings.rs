//! What a day's calls mean, worked out once for each combination of the texts that it depends on.

use bedrock::{Attributes, Knowledge, Meaning, MeaningKey, TextId, Texts};
use rustc_hash::FxHashMap;

/// The ids of the texts that a meaning depends on.
type Key = [Option<TextId>; MeaningKey::ATTRIBUTES.len()];

/// Meanings by number, for calls that refer to the same texts.
#[derive(Debug)]
pub(crate) struct Meanings<'a> {
    knowledge: &'a Knowledge,
    /// Those of calls as they are logged, and of requests that a network activity event says were denied.
    numbers: [FxHashMap<Key, u32>; 2],
    meanings: Vec<Meaning>,
    /// For each meaning, the attributes of the first call that has it.
    attributes: Vec<Attributes>,
}

impl<'a> Meanings<'a> {
    pub(crate) fn new(knowledge: &'a Knowledge) -> Self {
        Meanings {
            knowledge,
            numbers: [FxHashMap::default(), FxHashMap::default()],
            meanings: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// The number of the meaning of a call. `denied_by_endpoint`: a network activity event tells that the policy
    /// of a VPC endpoint denied it.
    ///
    /// # Panics
    /// If there are 2^32 meanings, which a batch of calls cannot have.
    pub(crate) fn number(
        &mut self,
        attributes: &Attributes,
        texts: &Texts,
        denied_by_endpoint: bool,
    ) -> u32 {
        let key = MeaningKey::ATTRIBUTES.map(|attribute| attributes[attribute]);
        let Meanings { knowledge, numbers, meanings, .. } = self;
        let first_attributes = &mut self.attributes;
        *numbers[usize::from(denied_by_endpoint)].entry(key).or_insert_with(|| {
            first_attributes.push(*attributes);
            let meaning = knowledge.meaning(MeaningKey::of(attributes, texts));
            meanings.push(if denied_by_endpoint { meaning.denied_by_endpoint() } else { meaning });
            u32::try_from(meanings.len() - 1).expect("fewer than 2^32 calls are held at a time")
        })
    }

    /// All meanings, by number.
    pub(crate) fn all(&self) -> &[Meaning] {
        &self.meanings
    }

    /// Every meaning with what it depends on, in the order of the numbers.
    pub(crate) fn with_keys<'t>(
        &self,
        texts: &'t Texts,
    ) -> impl Iterator<Item = (MeaningKey<'t>, &Meaning)> {
        let keys = self.attributes.iter().map(|attributes| MeaningKey::of(attributes, texts));
        keys.zip(&self.meanings)
    }

    /// Begins with calls that refer to other texts.
    pub(crate) fn clear(&mut self) {
        self.numbers.iter_mut().for_each(FxHashMap::clear);
        self.meanings.clear();
        self.attributes.clear();
    }
}

#[cfg(test)]
mod tests {
    use bedrock::Attribute;

    use super::*;

    #[test]
    fn number_calls_that_agree_have_one_meaning() {
        let knowledge = Knowledge::embedded();
        let mut texts = Texts::default();
        let mut call = |event_name: &str, error_code: Option<&str>, region: &str| {
            let mut attributes = Attributes::default();
            for (attribute, text) in [
                (Attribute::EventName, Some(event_name)),
                (Attribute::ErrorCode, error_code),
                (Attribute::SourceRegion, Some(region)),
            ] {
                texts.set(&mut attributes, attribute, text).expect("few texts");
            }
            attributes
        };
        let calls = [
            call("Converse", None, "us-east-1"),
            call("InvokeModel", None, "us-east-1"),
            call("Converse", Some("AccessDenied"), "us-east-1"),
            call("Converse", None, "eu-west-1"),
            call("InvokeModel", Some("AccessDenied"), "us-east-1"),
        ];
        let mut meanings = Meanings::new(&knowledge);
        let numbers = calls.map(|call| meanings.number(&call, &texts, false));
        assert_eq!(numbers, [0, 0, 1, 2, 1]);
        for (number, call) in numbers.iter().zip(&calls) {
            let expected = knowledge.meaning(MeaningKey::of(call, &texts));
            assert_eq!(meanings.all()[*number as usize], expected);
        }
    }
}
