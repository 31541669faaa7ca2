//! What is billed besides text tokens: counts of other units, and what they cost.

use serde::{Deserialize, Serialize};

use super::{CostGap, CostGaps};
use crate::discount::Terms;
use crate::money::{DiscountedSum, Factor, Usd};
use crate::price::{RateCard, Shape, TokenKind, Unit};

/// What the records of a call say of other units than text tokens. A count that no record has is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnitCounts {
    counts: [Option<i64>; Unit::ALL.len()],
    /// What the images are like.
    pub shape: Shape,
    /// Whether a guardrail checked the call.
    pub guardrail: Guardrail,
}

/// Whether a guardrail checked a call, which is billed by what it covered.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Guardrail {
    /// No record says so.
    #[default]
    None,
    /// It did, and not all is counted that it covered.
    Used,
    /// It did, and all that it covered is counted.
    Counted,
}

/// Counts of units by what is counted, for tables. A kind is `None` if no record has a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitSums {
    /// Images that were generated or embedded.
    pub images: Option<i64>,
    /// Tokens of speech, in and out.
    pub speech_tokens: Option<i64>,
    /// Search units of rerankers.
    pub search_units: Option<i64>,
    /// Text units and images that guardrails covered with policies that are not free.
    pub guardrail_units: Option<i64>,
}

/// What the units of a call cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitReading {
    /// Of the model, and of guardrails; `None` if nothing of it has a count and a price.
    costs: [Option<Usd>; 2],
    pub(super) gaps: CostGaps,
}

impl UnitReading {
    /// What all of them cost.
    pub(super) fn cost(&self) -> Option<Usd> {
        self.costs.into_iter().flatten().reduce(Usd::saturating_add)
    }
}

/// The unit that tokens of speech are on each side, beside the tokens that count them too.
const SPEECH: [(TokenKind, Unit); 2] =
    [(TokenKind::Input, Unit::SpeechInputToken), (TokenKind::Output, Unit::SpeechOutputToken)];

impl UnitCounts {
    /// How many of a unit were counted.
    pub fn get(&self, unit: Unit) -> Option<i64> {
        self.counts[unit as usize]
    }

    /// Takes a count in. One below 0 is no count.
    pub fn set(&mut self, unit: Unit, count: Option<i64>) {
        self.counts[unit as usize] = count.filter(|count| *count >= 0);
    }

    /// The same, of a call that a guardrail checked, as another record says.
    #[must_use]
    pub fn with_guardrail(self) -> Self {
        UnitCounts { guardrail: self.guardrail.max(Guardrail::Used), ..self }
    }

    /// These counts, and of those that they lack another's.
    #[must_use]
    pub fn or(&self, other: &UnitCounts) -> UnitCounts {
        let counts = Unit::ALL.map(|unit| self.get(unit).or(other.get(unit)));
        let (mine, others) = (self.shape, other.shape);
        let shape = Shape {
            size: mine.size.or(others.size),
            quality: mine.quality.or(others.quality),
            detail: mine.detail.or(others.detail),
        };
        UnitCounts { counts, shape, guardrail: self.guardrail.max(other.guardrail) }
    }

    /// The units of which more than 0 were counted.
    fn positive(&self) -> impl Iterator<Item = Unit> {
        Unit::ALL.into_iter().filter(|unit| self.get(*unit) > Some(0))
    }

    /// Whether anything is known.
    pub fn is_any(&self) -> bool {
        *self != UnitCounts::default()
    }

    /// The counts by what is counted. That there is none of a unit by which the model is not billed says nothing.
    pub fn sums_of(mut self, is_billed_by: impl Fn(Unit) -> bool) -> UnitSums {
        for unit in Unit::ALL {
            if self.get(unit) == Some(0) && !unit.is_of_guardrail() && !is_billed_by(unit) {
                self.set(unit, None);
            }
        }
        self.sums()
    }

    /// The counts by what is counted.
    pub fn sums(&self) -> UnitSums {
        let sum = |units: &[Unit]| {
            let counts = units.iter().filter_map(|unit| self.get(*unit));
            counts.fold(None, |sum: Option<i64>, n| Some(sum.unwrap_or(0).saturating_add(n)))
        };
        UnitSums {
            images: sum(&[Unit::InputImage, Unit::OutputImage]),
            speech_tokens: sum(&SPEECH.map(|(_, unit)| unit)),
            search_units: sum(&[Unit::SearchUnit]),
            guardrail_units: sum(&[
                Unit::GuardrailAutomatedReasoningUnit,
                Unit::GuardrailContentImage,
                Unit::GuardrailContentUnit,
                Unit::GuardrailContextualGroundingUnit,
                Unit::GuardrailSensitiveInformationUnit,
                Unit::GuardrailTopicUnit,
            ]),
        }
    }
}

impl UnitSums {
    /// Whether anything was counted.
    pub fn is_any(&self) -> bool {
        self.counts().iter().any(Option::is_some)
    }

    /// The counts, in the order of the fields.
    pub fn counts(&self) -> [Option<i64>; 4] {
        [self.images, self.speech_tokens, self.search_units, self.guardrail_units]
    }
}

impl RateCard {
    /// Whether a unit was counted, more than 0 of it, by which the call is billed.
    pub fn counts_units(&self, units: &UnitCounts) -> bool {
        units.positive().any(|unit| unit.is_of_guardrail() || self.units().is_billed_by(unit))
    }

    /// Whether a unit was counted, more than 0 of it, by which the model is not known to be billed: what it cost is
    /// not known. That a text was sent says nothing, tokens count it.
    fn has_other_units(&self, units: &UnitCounts) -> bool {
        let is_other = |unit: Unit| {
            unit != Unit::TextRequest && !unit.is_of_guardrail() && !self.units().is_billed_by(unit)
        };
        units.positive().any(is_other)
    }

    /// Takes tokens of speech out of the text tokens that count them too, where they have a price of their own:
    /// without one, that of text is what is certain.
    pub(super) fn text_tokens(
        &self,
        mut tokens: [Option<i64>; TokenKind::ALL.len()],
        units: &UnitCounts,
    ) -> [Option<i64>; TokenKind::ALL.len()] {
        for (kind, unit) in SPEECH {
            let tokens = &mut tokens[kind as usize];
            if self.units().price(unit, &units.shape).is_some() {
                let speech = speech_of(unit, *tokens, units).unwrap_or(0);
                *tokens = tokens.map(|count| count - speech);
            }
        }
        tokens
    }

    /// What other units cost than text tokens. `tokens` are all of a kind, those of speech among them.
    pub(super) fn unit_reading(
        &self,
        tokens: &[Option<i64>; TokenKind::ALL.len()],
        units: &UnitCounts,
    ) -> UnitReading {
        let (mut costs, mut gaps) = ([None::<Usd>; 2], CostGaps::NONE);
        let mut lacks = units.guardrail == Guardrail::Used || self.has_other_units(units);
        let of_guardrail = Unit::ALL.into_iter().filter(|unit| unit.is_of_guardrail());
        let of_guardrail = of_guardrail.filter(|unit| units.get(*unit).is_some());
        for unit in self.units().of_model().chain(of_guardrail) {
            let side = SPEECH.iter().find(|(_, speech)| *speech == unit);
            let side = side.map(|(kind, _)| tokens[*kind as usize]);
            let count = match side {
                Some(count) => speech_of(unit, count, units),
                None => units.get(unit),
            };
            match (count, self.units().price(unit, &units.shape)) {
                (Some(0), _) => {}
                (Some(count), Some((price, is_certain))) => {
                    let own = price.of_units(count);
                    let cost = &mut costs[usize::from(unit.is_of_guardrail())];
                    *cost = Some(cost.unwrap_or_default().saturating_add(own));
                    lacks |= !is_certain;
                }
                _ => lacks = true,
            }
        }
        if lacks {
            gaps |= CostGap::UnitNotTokens.into();
        }
        UnitReading { costs, gaps }
    }

    /// Adds what units cost by what was negotiated: a factor on their list cost.
    pub(super) fn add_contracted(&self, sum: &mut DiscountedSum, reading: &UnitReading) {
        for (cost, terms) in reading.costs.into_iter().zip([self.terms(), self.guardrail_terms()]) {
            if let Some(cost) = cost {
                sum.add(cost, terms.map_or(Factor::ONE, Terms::of_other));
            }
        }
    }
}

/// The tokens of speech among those of a side; where there are none, none are of speech. A part that exceeds the
/// whole is meaningless.
fn speech_of(unit: Unit, tokens: Option<i64>, units: &UnitCounts) -> Option<i64> {
    let tokens = tokens?;
    let speech = units.get(unit).filter(|speech| *speech <= tokens);
    speech.or((tokens == 0).then_some(0))
}
