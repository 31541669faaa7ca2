//! Asks the policies of the options about a call.

use bedrock::Knowledge;
use policy::{Call, Caller, Levels, Simulation, Verdict, simulate};

use super::calls::AskedCall;
use super::policies::Policies;
use crate::exit::Failure;

/// What is needed to decide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simulator<'a> {
    pub(super) policies: &'a Policies,
    pub(super) knowledge: &'a Knowledge,
}

impl Simulator<'_> {
    /// The verdict of the policies without the changes of the options, if there are any.
    ///
    /// # Errors
    /// If the call cannot be.
    pub(super) fn before(self, call: &AskedCall) -> Result<Option<Verdict>, Failure> {
        let Some(policies) = &self.policies.unchanged else { return Ok(None) };
        let levels = policies.levels(&call.account, call.principal.as_ref());
        Ok(Some(Simulator { policies, ..self }.of(call, &levels)?.verdict))
    }

    /// The verdict on a call, leg by leg.
    ///
    /// # Errors
    /// If the call cannot be.
    pub(super) fn of<'l>(
        self,
        call: &AskedCall,
        levels: &'l Levels,
    ) -> Result<Simulation<'l>, Failure> {
        let organization = self.policies.organization.as_ref();
        let path = organization.and_then(|it| it.organization_path(&call.account));
        let is_member = organization.is_some_and(|it| it.is_member(&call.account));
        let caller = Caller {
            account: &call.account,
            principal: call.principal.as_ref(),
            organization_id: organization.and_then(|it| it.id.as_deref()).filter(|_| is_member),
            organization_path: path.as_deref(),
            given: &call.given,
        };
        let asked = Call {
            operation: call.operation,
            model_ref: &call.model_ref,
            region: &call.region,
            account: &call.account,
            has_api_key: call.has_api_key,
        };
        let Knowledge { catalog, regions, aliases, .. } = self.knowledge;
        let found =
            simulate(asked, caller, levels, policy::Knowledge { catalog, regions, aliases });
        found.map_err(|error| {
            let place = call.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            Failure::usage(format!("{place}{error}"))
        })
    }
}
