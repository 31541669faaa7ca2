//! Who acts in an object, record after record.

use std::borrow::Cow;

use super::call::Call;
use super::caller::Caller;
use super::object::Object;
use super::people::People;
use super::programs::Programs;
use super::spec::{Population, Spec};
use super::varied::Varied;
use crate::dice::Dice;

/// Those who act in an object.
#[derive(Debug)]
pub(super) enum Crowd {
    Programs(Programs),
    Varied(Varied),
    People(People),
}

/// What a record has of whoever it is of.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// The JSON of `userIdentity`.
    pub(super) identity: Cow<'a, str>,
    pub(super) ip: Cow<'a, str>,
    /// The user agent, in which `{api}` is replaced by the name of a service's client.
    pub(super) agent: Cow<'a, str>,
    pub(super) call: Option<Call>,
}

impl<'a> Turn<'a> {
    /// A turn of this caller as it is, without a call.
    pub(super) fn of(caller: &'a Caller) -> Self {
        Turn {
            identity: Cow::Borrowed(&caller.identity.json),
            ip: Cow::Borrowed(&caller.ip),
            agent: Cow::Borrowed(&caller.agent),
            call: None,
        }
    }
}

impl Crowd {
    pub(super) fn new(spec: &Spec, object: &Object) -> Self {
        match spec.population {
            Population::Programs { other_address_in_a_million, other_session_in_a_million } => {
                let (addresses, sessions) =
                    (other_address_in_a_million, other_session_in_a_million);
                Crowd::Programs(Programs::new(spec, object, addresses, sessions))
            }
            Population::Varied => Crowd::Varied(Varied::new(spec, object)),
            Population::People => Crowd::People(People::new(spec, object)),
        }
    }

    /// Whether anybody here calls Bedrock.
    pub(super) fn has_callers(&self) -> bool {
        match self {
            Crowd::Programs(programs) => programs.has_callers(),
            Crowd::Varied(_) | Crowd::People(_) => true,
        }
    }

    /// The next record's, which is a call or one of another service's.
    pub(super) fn turn(&mut self, dice: &mut Dice, object: &Object, is_call: bool) -> Turn<'_> {
        match self {
            Crowd::Programs(programs) => programs.turn(dice, object, is_call),
            Crowd::Varied(varied) => varied.turn(dice, object, is_call),
            Crowd::People(people) => people.turn(dice, object, is_call),
        }
    }
}
