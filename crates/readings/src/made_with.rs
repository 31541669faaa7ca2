//! What readings were made with.

use bedrock::Fingerprint;
use serde::{Deserialize, Serialize};

/// What readings were made with. Those of others are refused: they may lack calls, or have them twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeWith {
    /// The version of hoptrail.
    pub hoptrail: String,
    /// The late window, in minutes.
    pub late_window_minutes: i64,
    /// What else decides which objects are read, and how: kind of the logs, limits, digests, accounts, Regions.
    pub reading: String,
    /// The keys of request metadata that are taken from model invocation logs.
    pub request_metadata: Vec<String>,
    /// The columns whose values were let go.
    pub omitted: Vec<String>,
    /// Whether model invocation logs were read too. A build takes them as they are, so that this is not compared.
    pub has_invocation_logs: bool,
}

impl MadeWith {
    /// Each of its fields, by name and as text.
    fn fields(&self) -> [(&'static str, String); 5] {
        let MadeWith { hoptrail, late_window_minutes, reading, request_metadata, omitted, .. } =
            self;
        [
            ("hoptrail", hoptrail.clone()),
            ("late window in minutes", late_window_minutes.to_string()),
            ("reading", reading.clone()),
            ("request metadata", request_metadata.join(" ")),
            ("omitted columns", omitted.join(" ")),
        ]
    }

    /// In which fields others differ, in words; `None` if they are the same.
    pub fn difference(&self, found: &MadeWith) -> Option<String> {
        let fields = self.fields().into_iter().zip(found.fields());
        let differences = fields
            .filter(|(expected, found)| expected != found)
            .map(|((name, expected), (_, found))| {
                format!("{name}: expected `{expected}`, found `{found}`")
            })
            .collect::<Vec<_>>();
        (!differences.is_empty()).then(|| differences.join("; "))
    }

    /// What tells rows of one from those of others, where an engine has lost the schema that they came with.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let fields = self.fields();
        fields.iter().fold(Fingerprint::default(), |all, (name, text)| all.and(name).and(text))
    }
}
