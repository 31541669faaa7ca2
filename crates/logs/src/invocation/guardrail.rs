//! What a guardrail covered, out of its trace in a completion: numbers only.
//!
//! Converse answers with `trace.guardrail`, which a stream has in its `metadata`, `InvokeModel` with
//! `amazon-bedrock-trace` and `amazon-bedrock-guardrailAction` (Bedrock API reference, `GuardrailTraceAssessment`, and
//! user guide, "Use a guardrail with inference"). A trace that an answer has twice counts once.

use bedrock::cost::{Guardrail, UnitCounts};
use bedrock::price::Unit;
use serde::de::{MapAccess, SeqAccess};

use super::loose::{Loose, Parts, object, skip};
use super::units::Number;

/// Whether a text says that a guardrail stepped in: `guardrail_intervened`, `INTERVENED`.
#[derive(Debug, Default)]
pub(super) struct Intervened(bool);

object! {
    /// The trace of a guardrail, in the words of Converse and of `InvokeModel`.
    pub(super) struct GuardrailTrace {
        "inputAssessment" => input: Loose<Assessments>,
        "outputAssessments" => outputs: Loose<Assessments>,
        "input" => invoke_input: Loose<Assessments>,
        "outputs" => invoke_outputs: Loose<Assessments>,
    }
}

object! {
    struct InvocationMetrics {
        "usage" => usage: Loose<GuardrailUsage>,
    }
}

/// What a guardrail covered (`GuardrailUsage` of the Bedrock API reference).
#[derive(Debug, Default)]
struct GuardrailUsage {
    units: [i64; GUARDRAIL_UNITS.len()],
    /// Whether it says anything.
    is_any: bool,
    /// Whether a count is none, or of what is not known here.
    lacks: bool,
}

/// The units of guardrails, by their names in [`GuardrailUsage`].
const GUARDRAIL_UNITS: [(&str, Unit); 8] = [
    ("topicPolicyUnits", Unit::GuardrailTopicUnit),
    ("contentPolicyUnits", Unit::GuardrailContentUnit),
    ("contentPolicyImageUnits", Unit::GuardrailContentImage),
    ("wordPolicyUnits", Unit::GuardrailWordUnit),
    ("sensitiveInformationPolicyUnits", Unit::GuardrailSensitiveInformationUnit),
    ("sensitiveInformationPolicyFreeUnits", Unit::GuardrailSensitiveInformationFreeUnit),
    ("contextualGroundingPolicyUnits", Unit::GuardrailContextualGroundingUnit),
    ("automatedReasoningPolicyUnits", Unit::GuardrailAutomatedReasoningUnit),
];

object! {
    /// One assessment, of whose policies nothing is read.
    struct Assessment {
        "invocationMetrics" => metrics: Loose<InvocationMetrics>,
    }
}

/// The key of [`Assessment`].
const METRICS: &str = "invocationMetrics";

/// Assessments in an array, each by the name of its guardrail.
#[derive(Debug, Default)]
struct ByGuardrail(Assessments);

/// The assessment of a guardrail, or several.
#[derive(Debug, Default)]
struct OfGuardrail {
    found: Assessments,
    /// Whether it says itself what was covered.
    has_metrics: bool,
}

/// The assessments of all guardrails, by the name of each, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Assessments {
    /// `None` if no assessment says what was covered.
    units: Option<[i64; GUARDRAIL_UNITS.len()]>,
    /// Whether one of them cannot be understood.
    lacks: bool,
}

/// What an answer, or all pieces of one, say of guardrails.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checked {
    has_guardrail: bool,
    intervened: bool,
    /// Of input and output.
    assessments: [Assessments; 2],
}

impl Intervened {
    pub(super) fn is_so(&self) -> bool {
        self.0
    }
}

impl Parts for Intervened {
    fn text(&mut self, text: &str) {
        self.0 = matches!(text, "guardrail_intervened" | "GUARDRAIL_INTERVENED" | "INTERVENED");
    }
}

impl Parts for GuardrailUsage {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let count = map.next_value::<Loose<Number>>()?.parts.0;
        match GUARDRAIL_UNITS.iter().position(|(name, _)| *name == key) {
            Some(at) => {
                self.is_any = true;
                self.units[at] = count.unwrap_or(0);
                self.lacks |= count.is_none();
            }
            None => self.lacks |= count != Some(0),
        }
        Ok(())
    }
}

impl Parts for Assessments {
    fn field<'de, A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.merge(of_guardrail(&map.next_value()?));
        Ok(())
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Loose<ByGuardrail>>()? {
            self.lacks |= item.kind != "an object";
            self.merge(item.parts.0);
        }
        Ok(())
    }
}

impl Parts for ByGuardrail {
    fn field<'de, A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.0.merge(of_guardrail(&map.next_value()?));
        Ok(())
    }
}

impl Parts for OfGuardrail {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            METRICS => {
                self.has_metrics = true;
                self.found.add(&map.next_value::<Loose<InvocationMetrics>>()?.parts.usage);
            }
            _ => skip(map)?,
        }
        Ok(())
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Loose<Assessment>>()? {
            self.found.add(&item.parts.metrics.parts.usage);
        }
        Ok(())
    }
}

/// What a guardrail says. What is neither an assessment nor a list of them cannot be understood.
fn of_guardrail(value: &Loose<OfGuardrail>) -> Assessments {
    let OfGuardrail { mut found, has_metrics } = value.parts;
    found.lacks |= !has_metrics && value.kind != "an array";
    found
}

impl Assessments {
    /// An assessment without counts covered what nobody knows.
    fn add(&mut self, usage: &Loose<GuardrailUsage>) {
        let GuardrailUsage { units, is_any, lacks } = usage.parts;
        let units = is_any.then_some(units);
        self.merge(Assessments { units, lacks: lacks || !is_any });
    }

    fn merge(&mut self, other: Self) {
        self.lacks |= other.lacks;
        let Some(others) = other.units else { return };
        let units = self.units.get_or_insert_default();
        for (unit, other) in units.iter_mut().zip(others) {
            *unit = unit.saturating_add(other);
        }
    }

    /// Takes in what the answer says once more of the same input or output. If it says the same, that is a repetition,
    /// unless each may be of `another_part`. Of what differs, nobody knows what is among the others: the most is
    /// covered at least.
    fn again(&mut self, other: Self, another_part: bool) {
        if other == Assessments::default() {
            return;
        }
        if *self == Assessments::default() {
            *self = other;
        } else if *self != other || another_part {
            self.lacks = true;
            self.units = match (self.units, other.units) {
                (Some(mine), Some(others)) => {
                    Some(std::array::from_fn(|unit| mine[unit].max(others[unit])))
                }
                (mine, others) => mine.or(others),
            };
        }
    }

    /// Whether all that was covered is known.
    fn is_whole(&self) -> bool {
        self.units.is_some() && !self.lacks
    }
}

impl Checked {
    /// A guardrail checked the call, and may have stepped in.
    pub(super) fn acted(&mut self, intervened: bool) {
        self.has_guardrail = true;
        self.intervened |= intervened;
    }

    /// Takes in a trace. Of one piece of an answer, all are of the same check.
    pub(super) fn trace(&mut self, trace: &Loose<GuardrailTrace>) {
        self.has_guardrail |= trace.is_there();
        let GuardrailTrace { input, outputs, invoke_input, invoke_outputs } = &trace.parts;
        let [of_input, of_output] = &mut self.assessments;
        [input, invoke_input].iter().for_each(|it| of_input.again(it.parts, false));
        [outputs, invoke_outputs].iter().for_each(|it| of_output.again(it.parts, false));
    }

    /// Takes in what another piece says. The input is checked once, the output of a stream perhaps part by part.
    pub(super) fn merge(&mut self, other: Checked) {
        self.has_guardrail |= other.has_guardrail;
        self.intervened |= other.intervened;
        let ([input, output], [others_input, others_output]) =
            (&mut self.assessments, other.assessments);
        input.again(others_input, false);
        output.again(others_output, true);
    }

    /// Adds what was covered to other units. `output_tokens` is how many tokens the model answered.
    pub(super) fn add_to(&self, mut units: UnitCounts, output_tokens: Option<i64>) -> UnitCounts {
        if self.has_guardrail {
            units = units.with_guardrail();
        }
        let [input, output] = self.assessments;
        let mut covered = input;
        covered.merge(output);
        for ((_, unit), count) in
            GUARDRAIL_UNITS.into_iter().zip(covered.units.into_iter().flatten())
        {
            units.set(unit, Some(count));
        }
        // What was stopped at the input has no output to cover.
        let is_empty = output.units.is_none() && !output.lacks;
        let stopped = self.intervened && is_empty && output_tokens == Some(0);
        if input.is_whole() && (output.is_whole() || stopped) {
            units.guardrail = Guardrail::Counted;
        }
        units
    }
}
