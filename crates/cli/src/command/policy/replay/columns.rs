//! Which columns of the tables a replay reads, and what a row of them says.

use std::collections::BTreeMap;

use policy::replay::{Evidence, LoggedDenial, TimeCuts};
use policy::{KeyState, Levels, LoggedRequest, Principal};
use tables::contexts::{ContextColumn, ContextQuestion, ContextSource};

use super::super::policies::Policies;
use crate::args::ReplayBy;

/// What of a call its legs, its outcome, and its totals depend on.
const OF_CALL: [&str; 9] = [
    "event_name",
    "model_ref",
    "source_region",
    "account_id",
    "api_key",
    "outcome",
    "error_reason",
    "model_id",
    "profile_id",
];

/// What the log says of a denial.
const OF_DENIAL: [&str; 5] =
    ["leg", "denied_action", "denied_resource", "policy_type", "policy_arn"];

/// What of a caller is asked for in any case: who it is, and of which account.
const OF_CALLER: [&str; 4] =
    ["iam_principal_arn", "principal_arn", "principal_type", "principal_account_id"];

/// The columns that tell what became of a call, but not what was asked for.
const OF_OUTCOME: [&str; 8] =
    ["outcome", "error_reason", "model_id", "profile_id", "leg", "policy_type", "policy_arn", DAY];

/// What only requests depend on whose record does not say what was called.
const OF_REFUSED_LEG: [&str; 2] = ["denied_action", "denied_resource"];

/// A column that a file has if it has those of the caller that came with version 7 of the tables.
const NEW_COLUMN: &str = "principal_account_id";

const DAY: &str = "dt";
const HAS_NEW_COLUMNS: &str = "has_new_columns";
const TIME: &str = "time";

/// The columns.
#[derive(Debug)]
pub(super) struct Columns {
    question: ContextQuestion,
    places: BTreeMap<&'static str, usize>,
    /// The places of those that requests depend on.
    of_request: Vec<usize>,
    of_refused_leg: Vec<usize>,
    /// The keys that the policies ask for.
    keys: Vec<String>,
    cuts: TimeCuts,
}

/// Calls that agree in all columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) context: tables::contexts::Context<'a>,
    pub(super) columns: &'a Columns,
}

impl Columns {
    /// Those that the policies look at.
    pub(super) fn of(policies: &Policies, by: &[ReplayBy]) -> Self {
        let all = policies.all();
        let unchanged = policies.unchanged.as_ref().map(|policies| policies.all());
        let mut keys = all.keys().map(str::to_owned).collect::<Vec<_>>();
        keys.extend(unchanged.iter().flat_map(Levels::keys).map(str::to_owned));
        keys.sort();
        keys.dedup();
        let cuts = TimeCuts::of([&all].into_iter().chain(&unchanged));
        let is_asked = |key: &str| keys.iter().any(|asked| asked.eq_ignore_ascii_case(key));

        let mut columns = Vec::new();
        let whole = |name, of| (name, ContextColumn::whole(of));
        columns.extend(OF_CALL.map(|name| whole(name, ContextSource::Call(name))));
        for (name, of_column) in LoggedRequest::COLUMNS.iter().copied() {
            if !OF_CALLER.contains(&name) && !of_column.iter().any(|key| is_asked(key)) {
                continue;
            }
            let of = ContextSource::Call(name);
            // A session is a role that calls; its name is part of one key only.
            let is_cut = name == "principal_arn" && !is_asked("aws:userid");
            let part = is_cut.then_some(without_session as fn(&str) -> &str);
            columns.push((name, ContextColumn { of, part }));
        }
        columns.extend(OF_DENIAL.map(|name| whole(name, ContextSource::Denial(name))));
        columns.push(whole(HAS_NEW_COLUMNS, ContextSource::Has(NEW_COLUMN)));
        columns.push(whole(TIME, ContextSource::Time));
        if by.contains(&ReplayBy::Day) {
            columns.push(whole(DAY, ContextSource::Day));
        }
        let places = columns.iter().enumerate().map(|(place, (name, _))| (*name, place));
        let places = places.collect::<BTreeMap<_, _>>();
        let is_of_request =
            |name: &&str| !OF_OUTCOME.contains(name) && !OF_REFUSED_LEG.contains(name);
        let of_request = places.iter().filter(|(name, _)| is_of_request(name));
        let of_request = of_request.map(|(_, place)| *place).collect();
        let of_refused_leg = OF_REFUSED_LEG.iter().map(|name| places[name]).collect();
        let cuts_ms = cuts.milliseconds();
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let question = ContextQuestion { columns, cuts_ms };
        Columns { question, places, of_request, of_refused_leg, keys, cuts }
    }

    /// What is asked of the tables.
    pub(super) fn question(&self) -> &ContextQuestion {
        &self.question
    }
}

impl<'a> Row<'a> {
    pub(super) fn text(self, column: &str) -> Option<&'a str> {
        self.context.text(*self.columns.places.get(column)?)
    }

    pub(super) fn flag(self, column: &str) -> Option<bool> {
        self.text(column).map(|text| text == "true")
    }

    /// What rows of one request agree in.
    pub(super) fn request_key(self) -> Vec<u32> {
        let Columns { of_request, of_refused_leg, .. } = self.columns;
        let of_leg = of_refused_leg.iter().filter(|_| self.text("model_ref").is_none());
        of_request.iter().chain(of_leg).map(|place| self.context.code(*place)).collect()
    }

    /// What the row says of the caller.
    pub(super) fn logged(self) -> LoggedRequest<'a> {
        LoggedRequest {
            iam_principal_arn: self.text("iam_principal_arn"),
            principal_arn: self.text("principal_arn"),
            principal_type: self.text("principal_type"),
            principal_account_id: self.text("principal_account_id"),
            principal_id: self.text("principal_id"),
            is_temporary_credential: self.flag("is_temporary_credential"),
            mfa_authenticated: self.flag("mfa_authenticated"),
            invoked_by: self.text("invoked_by"),
            source_identity: self.text("source_identity"),
            federated_provider: self.text("federated_provider"),
            vpc_endpoint_id: self.text("vpc_endpoint_id"),
            vpc_endpoint_account_id: self.text("vpc_endpoint_account_id"),
            source_ip: self.text("source_ip"),
            user_agent: self.text("user_agent"),
            service_tier: None,
            has_new_columns: self.flag(HAS_NEW_COLUMNS) == Some(true),
        }
    }

    /// The states of the keys that the policies ask for, as far as the row tells.
    pub(super) fn states(self) -> Vec<(String, KeyState)> {
        let mut keys = self.columns.keys.iter().map(String::as_str);
        let mut states = self.logged().states(&mut keys);
        let n_before = self.text(TIME).and_then(|text| text.parse().ok()).unwrap_or_default();
        states.extend(self.columns.cuts.states(n_before));
        states
    }

    /// The account whose SCPs the caller is subject to, if that is known.
    pub(super) fn caller_account(self, principal: Option<&Principal>) -> Option<String> {
        let is_known = match self.text("principal_type") {
            None => true,
            Some(kind) => {
                ["AssumedRole", "Role", "IAMUser", "Root", "FederatedUser"].contains(&kind)
            }
        };
        let of_type = match self.text("principal_type") {
            Some("AWSAccount") => self.text("principal_account_id"),
            _ if is_known => self
                .text("principal_account_id")
                .or_else(|| principal.map(|principal| principal.account.as_str()))
                .or_else(|| self.text("account_id")),
            _ => None,
        };
        of_type.map(str::to_owned)
    }

    /// What the log says of the authorization.
    pub(super) fn evidence(self) -> Evidence {
        let outcome = self.text("outcome").unwrap_or_default();
        Evidence::of(outcome, self.text("error_reason"), self.text("policy_type"))
    }

    /// What the log says of the refusal.
    pub(super) fn denial(self) -> LoggedDenial<'a> {
        LoggedDenial {
            leg: self.text("leg"),
            action: self.text("denied_action"),
            resource: self.text("denied_resource"),
            policy_type: self.text("policy_type"),
            policy_arn: self.text("policy_arn"),
        }
    }

    /// Who called, without the session.
    pub(super) fn caller(self) -> Option<&'a str> {
        self.text("iam_principal_arn").or_else(|| self.text("principal_arn").map(without_session))
    }
}

/// The ARN of a session without its name.
fn without_session(arn: &str) -> &str {
    match arn.split_once(":assumed-role/") {
        Some((_, session)) => match session.rsplit_once('/') {
            Some((_, name)) => &arn[..arn.len() - name.len() - 1],
            None => arn,
        },
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_is_left_out_and_nothing_else() {
        for (arn, expected) in [
            (
                "arn:aws:sts::111122223333:assumed-role/App/i-1",
                "arn:aws:sts::111122223333:assumed-role/App",
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/App",
                "arn:aws:sts::111122223333:assumed-role/App",
            ),
            ("arn:aws:iam::111122223333:user/team/ann", "arn:aws:iam::111122223333:user/team/ann"),
            ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ] {
            assert_eq!(without_session(arn), expected);
        }
    }
}
