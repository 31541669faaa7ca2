//! The different requests among the calls: each is simulated once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bedrock::Knowledge;
use policy::replay::Judged;
use policy::{Call, Caller, Legs, Operation, Principal, legs_of};
use tables::contexts::Contexts;

use super::columns::{Columns, Row};
use super::subjects::Subjects;

/// Requests that a thread takes at a time.
const TAKEN: usize = 64;

/// All requests, and the rows that made them.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    rows: Vec<OfRequest<'a>>,
    requests: Vec<Request<'a>>,
}

/// A row with its request.
#[derive(Debug, Clone)]
pub(super) struct OfRequest<'a> {
    row: Row<'a>,
    request: usize,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// The first row that made it.
    row: Row<'a>,
    /// The places of all of them.
    rows: Vec<usize>,
    pub(super) principal: Option<Principal>,
    /// The account whose SCPs the caller is subject to.
    pub(super) account: Option<String>,
    pub(super) calls: u64,
}

impl<'a> Requests<'a> {
    /// The requests of all calls.
    pub(super) fn of(contexts: &'a Contexts, columns: &'a Columns) -> Self {
        let mut places = HashMap::new();
        let mut found = Requests { rows: Vec::new(), requests: Vec::new() };
        for (place, context) in contexts.iter().enumerate() {
            let row = Row { context, columns };
            let request = *places.entry(row.request_key()).or_insert(found.requests.len());
            if request == found.requests.len() {
                let principal = row.logged().principal();
                let account = row.caller_account(principal.as_ref());
                let (rows, calls) = (Vec::new(), 0);
                found.requests.push(Request { row, rows, principal, account, calls });
            }
            found.requests[request].rows.push(place);
            found.requests[request].calls += row.context.count().calls;
            found.rows.push(OfRequest { row, request });
        }
        found
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Request<'a>> {
        self.requests.iter()
    }

    /// The rows with the accounts of their callers.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Row<'a>, Option<&str>)> {
        self.rows.iter().map(|of| {
            let account = self.requests[of.request].account.as_deref();
            (of.row, account.or_else(|| of.row.text("account_id")))
        })
    }

    /// What becomes of the calls of each row, in the order of the rows.
    pub(super) fn judge<'s>(
        &self,
        subjects: &'s Subjects<'_>,
        knowledge: &Knowledge,
        threads: usize,
    ) -> Vec<Judged<'s>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            loop {
                let from = next.fetch_add(TAKEN, Ordering::Relaxed);
                let taken = self.requests.iter().skip(from).take(TAKEN);
                let n_before = found.len();
                for request in taken {
                    found.extend(self.judge_one(request, subjects, knowledge));
                }
                if found.len() == n_before {
                    return found;
                }
            }
        };
        let mut all = std::thread::scope(|scope| {
            let others = (1..threads).map(|_| scope.spawn(work)).collect::<Vec<_>>();
            let mut all = work();
            for other in others {
                match other.join() {
                    Ok(found) => all.extend(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        });
        all.sort_unstable_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, judged)| judged).collect()
    }

    fn judge_one<'s>(
        &self,
        request: &Request<'a>,
        subjects: &'s Subjects<'_>,
        knowledge: &Knowledge,
    ) -> Vec<(usize, Judged<'s>)> {
        let found = subjects.get(&subjects.key(request));
        let states = request.row.states();
        let account = request.account.as_deref().or_else(|| request.row.text("account_id"));
        let account = account.unwrap_or_default();
        let caller = Caller {
            account,
            principal: request.principal.as_ref(),
            organization_id: found.organization_id.as_deref(),
            organization_path: found.organization_path.as_deref(),
            given: &states,
        };
        let legs = legs(request, account, knowledge);
        let judge = found.subject.judge(&legs, caller);
        let of_row = |place: &usize| {
            let row = self.rows[*place].row;
            (*place, judge.judge(row.evidence(), row.denial()))
        };
        request.rows.iter().map(of_row).collect()
    }
}

/// The legs of a request, as far as they are known.
fn legs(request: &Request<'_>, account: &str, knowledge: &Knowledge) -> Legs {
    let row = request.row;
    let name = row.text("event_name").unwrap_or_default();
    let Some(operation) = Operation::find(name) else {
        return Legs::unknown(&format!("{name} is not simulated"));
    };
    let known_region = row.text("source_region").filter(|it| knowledge.regions.get(it).is_some());
    let Some(region) = known_region else {
        return Legs::unknown("the record does not say a known Region");
    };
    let Some(model_ref) = row.text("model_ref") else {
        let denial = row.denial();
        let of_refusal = denial
            .action
            .zip(denial.resource)
            .and_then(|(action, resource)| Legs::of_refusal(action, resource, region));
        return of_refusal
            .unwrap_or_else(|| Legs::unknown("the record does not say what was called"));
    };
    let has_api_key = row.flag("api_key");
    let call = Call { operation, model_ref, region, account, has_api_key };
    let Knowledge { catalog, regions, aliases, .. } = knowledge;
    let knowledge = policy::Knowledge { catalog, regions, aliases };
    match legs_of(call, request.principal.as_ref(), knowledge) {
        Ok(legs) => legs,
        Err(impossible) => Legs::unknown(&impossible.to_string()),
    }
}
