//! From the options to a goal, and to what it is tried on.

use std::collections::BTreeSet;

use bedrock::Knowledge;
use bedrock::arn::Arn;
use policy::generate::form::{Deployment, Form};
use policy::generate::goal::{
    AccountList, ApprovedModels, ControlTower, DisableGlobal, EnableGlobal, IdentityPolicy,
    LeastPrivilege, NoApiKeys, OnlyRegions, ProfilesOnly,
};
use policy::generate::{Goal, Ground};

use super::exempted::{check_sources, exempt, of_exempted};
use super::ground::Places;
use super::scene::allowed_regions;
use super::{deployment, failure, history, scene};
use crate::args::{AccountsArgs, ControlTowerArgs, GenerateCommonArgs, GenerateGoal};
use crate::command::policy::calls;
use crate::exit::Failure;
use crate::messages::Messages;
use crate::region;

/// A goal with all that it is tried on.
pub(super) struct Prepared<'k> {
    pub(super) goal: Box<dyn Goal>,
    pub(super) ground: Ground<'k>,
    pub(super) deployment: Deployment,
    pub(super) form: Form,
}

/// What a goal asks of the matrix.
#[derive(Default)]
pub(super) struct Asked {
    /// Source Regions, unless the options name others.
    pub(super) regions: Vec<String>,
    pub(super) geography: Option<String>,
    pub(super) model: Option<String>,
    /// Patterns of models that the other model must not fit.
    pub(super) approved: Option<ApprovedModels>,
    /// The accounts of a list, of which and of others one is tried.
    pub(super) listed: Option<BTreeSet<String>>,
    pub(super) account: Option<String>,
    pub(super) control: Option<String>,
    pub(super) enabled_control: Option<String>,
}

/// Prepares a goal.
///
/// # Errors
/// If an option is invalid, the tables cannot be read, or the catalog has nothing that fits.
pub(super) fn prepare<'k>(
    asked: GenerateGoal,
    places: &Places,
    knowledge: &'k Knowledge,
    messages: &Messages,
) -> Result<Prepared<'k>, Failure> {
    let common = asked.common().clone();
    let regions = list(common.aws.region.iter().cloned());
    check_regions("--region", &regions, knowledge)?;
    if let Some(home) = &common.home_region {
        region::check("--home-region", home, &knowledge.regions)?;
    }
    let is_of_control = matches!(asked, GenerateGoal::ControlTower(_));
    let (goal, wanted) = goal_of(asked, &regions, places, knowledge, messages)?;
    let chosen = scene::places(&wanted, places)?;
    let scene = scene::choose(&common, &regions, &wanted, &chosen, knowledge)?;
    let Knowledge { catalog, regions, aliases, .. } = knowledge;
    let mut ground = Ground::new(chosen, scene, catalog, regions, aliases.clone());
    ground.targets.clone_from(&places.targets);
    ground.given = calls::given_of(&common.context, &common.absent, &common.present)?;
    if let Some(principal) = &common.principal {
        let principal = calls::principal(principal)
            .map_err(|it| Failure::usage(format!("--principal: {it}")))?;
        ground.principal = Some(principal);
    }
    let default = if is_of_control { Form::Cli } else { Form::Json };
    let form = common.form.map_or(default, Form::from);
    let mut deployment = deployment(&common, places, goal.as_ref());
    deployment.control = wanted.control;
    deployment.enabled_control = wanted.enabled_control;
    Ok(Prepared { goal, ground, deployment, form })
}

fn goal_of(
    asked: GenerateGoal,
    regions: &[String],
    places: &Places,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<(Box<dyn Goal>, Asked), Failure> {
    let catalog = &knowledge.catalog;
    Ok(match asked {
        GenerateGoal::Exempt(args) => {
            let goal = exempt(&args.profiles, regions, knowledge)?;
            let allowed = allowed_regions(&places.places);
            check_sources(&goal.exempted, regions, &allowed, knowledge)?;
            let asked = of_exempted(&goal.exempted, knowledge, allowed);
            (Box::new(goal), asked)
        }
        GenerateGoal::EnableGlobal(args) => {
            let regions = list(args.regions);
            check_regions("REGION", &regions, knowledge)?;
            let geography = Some("global".to_owned());
            let goal = EnableGlobal { regions: regions.iter().cloned().collect() };
            (Box::new(goal), Asked { regions, geography, ..Asked::default() })
        }
        GenerateGoal::DisableGlobal(_) => {
            let geography = Some("global".to_owned());
            let regions = allowed_regions(&places.places);
            (Box::new(DisableGlobal), Asked { regions, geography, ..Asked::default() })
        }
        GenerateGoal::Regions(args) => {
            let regions = list(args.regions);
            check_regions("REGION", &regions, knowledge)?;
            let goal = match &args.geography {
                Some(scope) => OnlyRegions::of_geography(scope, catalog, &knowledge.regions)
                    .map_err(failure)?,
                None => OnlyRegions::of(regions.into_iter().collect(), catalog),
            };
            let regions = goal.regions.iter().cloned().collect();
            (Box::new(goal), Asked { regions, geography: args.geography, ..Asked::default() })
        }
        GenerateGoal::ProfilesOnly(args) => {
            let goal = ProfilesOnly { spares_mantle: args.keep_mantle };
            (Box::new(goal), anywhere(places))
        }
        GenerateGoal::Models(args) => {
            let goal = ApprovedModels::new(&list(args.models), catalog).map_err(failure)?;
            let approved = Some(goal.clone());
            (Box::new(goal), Asked { approved, ..anywhere(places) })
        }
        GenerateGoal::Accounts(args) => accounts(*args, places, knowledge, messages)?,
        GenerateGoal::NoApiKeys(args) => {
            (Box::new(NoApiKeys { denies_creation: args.creation }), anywhere(places))
        }
        GenerateGoal::Identity(args) => identity(&args.model_ref, regions, places, knowledge)?,
        GenerateGoal::LeastPrivilege(args) => {
            least_privilege(&args.history, &args.common, knowledge, messages)?
        }
        GenerateGoal::ControlTower(args) => {
            control_tower(*args, regions, places, knowledge, messages)?
        }
    })
}

fn accounts(
    args: AccountsArgs,
    places: &Places,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<(Box<dyn Goal>, Asked), Failure> {
    let mut accounts = list(args.accounts).into_iter().collect::<BTreeSet<_>>();
    for account in &accounts {
        calls::check_account(account, None)
            .map_err(|it| Failure::usage(format!("ACCOUNT: {it}")))?;
    }
    check_regions("--within", &args.within, knowledge)?;
    if let Some(dest) = history::given(&args.history, &args.common)? {
        accounts.extend(history::accounts(&args.history, &args.common, &dest, messages)?);
    }
    let regions = args.within.iter().cloned().collect();
    let listed = Some(accounts.clone());
    let goal = AccountList { accounts, regions };
    Ok((Box::new(goal), Asked { listed, ..anywhere(places) }))
}

fn control_tower(
    args: ControlTowerArgs,
    given: &[String],
    places: &Places,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<(Box<dyn Goal>, Asked), Failure> {
    check_regions("--allowed-region", &args.allowed_region, knowledge)?;
    let exempt = exempt(&args.profiles, given, knowledge)?;
    let allowed = args.allowed_region.into_iter().collect();
    let exempted = exempt.exempted.clone();
    let goal = ControlTower::new(&allowed, exempt, &places.places).map_err(failure)?;
    if goal.is_enabled() && args.enabled_control.is_none() {
        messages.note(
            "the organization has the control already: --enabled-control ARN updates its parameters",
        );
    }
    let regions: Vec<String> = goal.regions().iter().cloned().collect();
    check_sources(&exempted, given, &regions, knowledge)?;
    let mut asked = of_exempted(&exempted, knowledge, regions);
    for (option, arn) in
        [("--control", &args.control), ("--enabled-control", &args.enabled_control)]
    {
        check_control(option, arn.as_deref())?;
    }
    asked.control = args.control;
    asked.enabled_control = args.enabled_control;
    Ok((Box::new(goal), asked))
}

/// ARNs of controls are of letters, digits, `_`, `-`, `:`, and `/` (Control Tower API reference).
fn check_control(option: &str, arn: Option<&str>) -> Result<(), Failure> {
    let is_control = |text: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-:/".contains(&b);
        text.starts_with("arn:") && text.bytes().all(is_plain)
    };
    match arn.filter(|it| !is_control(it)) {
        None => Ok(()),
        Some(other) => Err(Failure::usage(format!(
            "{option}: expected an ARN, such as arn:aws:controlcatalog:::control/…, found `{other}`"
        ))),
    }
}

/// A matrix in the Regions that SCPs allow.
fn anywhere(places: &Places) -> Asked {
    Asked { regions: allowed_regions(&places.places), ..Asked::default() }
}

fn identity(
    reference: &str,
    regions: &[String],
    places: &Places,
    knowledge: &Knowledge,
) -> Result<(Box<dyn Goal>, Asked), Failure> {
    let read = knowledge.catalog.read(reference);
    let arn = Arn::parse(&read.text);
    let of_arn = arn.map(|it| it.region.to_owned()).filter(|it| !it.is_empty());
    let regions =
        if regions.is_empty() { of_arn.into_iter().collect::<Vec<_>>() } else { regions.to_vec() };
    if regions.is_empty() {
        return Err(Failure::usage(format!(
            "expected --region for `{reference}`, which is no ARN with a Region"
        )));
    }
    let of_arn = arn.map(|it| it.account.to_owned()).filter(|it| !it.is_empty());
    let given = places.places.first().filter(|_| places.has_given()).map(|it| it.account.clone());
    let account = of_arn.or(given);
    let known = policy::Knowledge {
        catalog: &knowledge.catalog,
        regions: &knowledge.regions,
        aliases: &knowledge.aliases,
    };
    let of_regions = regions.iter().cloned().collect();
    let goal = IdentityPolicy::new(reference, of_regions, account.as_deref(), known);
    let goal = goal.map_err(failure)?;
    let (model, geography) = (read.model, read.profile_scope);
    Ok((Box::new(goal), Asked { regions, model, geography, account, ..Asked::default() }))
}

fn least_privilege(
    history: &crate::args::HistoryArgs,
    common: &GenerateCommonArgs,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<(Box<dyn Goal>, Asked), Failure> {
    let dest = history::given(history, common)?
        .ok_or_else(|| Failure::usage("expected --dest, where the tables are"))?;
    let principal = common.principal.as_deref();
    let principal =
        principal.ok_or_else(|| Failure::usage("expected --principal, a role or a user"))?;
    let principal =
        calls::principal(principal).map_err(|it| Failure::usage(format!("--principal: {it}")))?;
    let past = history::calls(history, common, &dest, &principal, knowledge, messages)?;
    let known = policy::Knowledge {
        catalog: &knowledge.catalog,
        regions: &knowledge.regions,
        aliases: &knowledge.aliases,
    };
    let regions = past.iter().map(|it| it.region.clone()).collect::<BTreeSet<_>>();
    let model = past.iter().find_map(|it| {
        let read = knowledge.catalog.read(&it.model_ref);
        read.model.filter(|_| read.target_type.is_system_profile())
    });
    let goal = LeastPrivilege::new(&past, &principal.account, known).map_err(failure)?;
    let (account, regions) = (Some(principal.account), regions.into_iter().collect());
    Ok((Box::new(goal), Asked { account, regions, model, ..Asked::default() }))
}

/// Values that may be separated by commas, too.
pub(super) fn list(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let texts = texts.into_iter().collect::<Vec<_>>();
    let parts = texts.iter().flat_map(|text| text.split(',')).filter(|text| !text.is_empty());
    parts.map(str::to_owned).collect()
}

fn check_regions(option: &str, regions: &[String], knowledge: &Knowledge) -> Result<(), Failure> {
    regions.iter().try_for_each(|it| region::check(option, it, &knowledge.regions))
}
