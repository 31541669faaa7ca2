//! From the options to a goal, and to what it is tried on.

use std::collections::BTreeSet;

use bedrock::arn::Arn;
use bedrock::{Knowledge, TargetType};
use policy::generate::form::{Deployment, Form};
use policy::generate::goal::{
    AccountList, ApprovedModels, ControlTower, DisableGlobal, EnableGlobal, Exempt, Exempted,
    IdentityPolicy, LeastPrivilege, NoApiKeys, OnlyRegions, ProfilesOnly,
};
use policy::generate::{Goal, Ground, Place, Scene, Wanted};

use super::ground::{self, EXAMPLE_ACCOUNT, Places};
use super::{deployment, failure, history};
use crate::args::{GenerateCommonArgs, GenerateGoal};
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
struct Asked {
    /// Source Regions, unless the options name others.
    regions: Vec<String>,
    geography: Option<String>,
    model: Option<String>,
    /// Patterns of models that the other model must not fit.
    approved: Option<ApprovedModels>,
    /// The accounts of a list, of which and of others one is tried.
    listed: Option<BTreeSet<String>>,
    account: Option<String>,
    enabled_control: Option<String>,
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
    let chosen = chosen_places(&wanted, places)?;
    let scene = scene(&common, &regions, &wanted, &chosen, knowledge)?;
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
    deployment.partition.clone_from(&ground.scene.partition);
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
            let asked = of_exempted(&goal.exempted, knowledge, allowed_regions(&places.places));
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
        GenerateGoal::Accounts(args) => {
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
            (Box::new(goal), Asked { listed, ..anywhere(places) })
        }
        GenerateGoal::NoApiKeys(args) => {
            (Box::new(NoApiKeys { denies_creation: args.creation }), anywhere(places))
        }
        GenerateGoal::Identity(args) => identity(&args.model_ref, regions, places, knowledge)?,
        GenerateGoal::LeastPrivilege(args) => {
            least_privilege(&args.history, &args.common, knowledge, messages)?
        }
        GenerateGoal::ControlTower(args) => {
            check_regions("--allowed-region", &args.allowed_region, knowledge)?;
            let exempt = exempt(&args.profiles, regions, knowledge)?;
            let allowed = args.allowed_region.into_iter().collect();
            let exempted = exempt.exempted.clone();
            let goal = ControlTower::new(&allowed, exempt, &places.places).map_err(failure)?;
            if goal.is_enabled() && args.enabled_control.is_none() {
                messages.note(
                    "the organization has the control already: --enabled-control ARN updates its parameters",
                );
            }
            let regions = goal.regions().iter().cloned().collect();
            let mut asked = of_exempted(&exempted, knowledge, regions);
            asked.enabled_control = args.enabled_control;
            (Box::new(goal), asked)
        }
    })
}

/// A matrix in the Regions that SCPs allow.
fn anywhere(places: &Places) -> Asked {
    Asked { regions: allowed_regions(&places.places), ..Asked::default() }
}

fn exempt(
    profiles: &[String],
    regions: &[String],
    knowledge: &Knowledge,
) -> Result<Exempt, Failure> {
    let profiles = list(profiles.iter().cloned());
    let exempted = profiles.iter().map(|text| exempted(text, knowledge));
    let exempted = exempted.collect::<Result<Vec<_>, _>>()?;
    Ok(Exempt { exempted, regions: regions.to_vec() })
}

fn exempted(text: &str, knowledge: &Knowledge) -> Result<Exempted, Failure> {
    if text == "application-profiles" {
        return Ok(Exempted::ApplicationProfiles);
    }
    let scope = format!("{text}.");
    if knowledge.catalog.profiles().any(|(id, _)| id.starts_with(&scope)) {
        return Ok(Exempted::Scope(text.to_owned()));
    }
    let read = knowledge.catalog.read(text);
    match (read.target_type, &read.profile_id) {
        (TargetType::ApplicationProfile, _) if Arn::parse(&read.text).is_some() => {
            Ok(Exempted::ApplicationProfile(read.text))
        }
        (TargetType::GeoProfile | TargetType::GlobalProfile, Some(id))
            if knowledge.catalog.profile(id).is_some() =>
        {
            Ok(Exempted::Profile(id.clone()))
        }
        _ => {
            let meant = region::did_you_mean(&knowledge.catalog.meant(text));
            Err(Failure::usage(format!(
                "PROFILE: expected a geography (us, eu), global, the ID of a profile of the catalog, \
                 application-profiles, or the ARN of one, found `{text}`{meant}"
            )))
        }
    }
}

/// The scene in which what is exempted is called.
fn of_exempted(exempted: &[Exempted], knowledge: &Knowledge, regions: Vec<String>) -> Asked {
    let mut asked = Asked { regions, ..Asked::default() };
    for it in exempted {
        match it {
            Exempted::Scope(scope) => {
                asked.geography.get_or_insert_with(|| scope.clone());
            }
            Exempted::Profile(id) => {
                let read = knowledge.catalog.read(id);
                asked.model = asked.model.or(read.model);
                asked.geography = asked.geography.or(read.profile_scope);
            }
            Exempted::ApplicationProfile(arn) => {
                let arn = Arn::parse(arn);
                asked.account = arn.map(|it| it.account.to_owned());
                asked.regions.extend(arn.map(|it| it.region.to_owned()));
            }
            Exempted::ApplicationProfiles => {}
        }
    }
    asked
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
    let principal = common.principal.as_deref().unwrap_or_default();
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

/// The accounts that a goal is tried on.
fn chosen_places(asked: &Asked, places: &Places) -> Result<Vec<Place>, Failure> {
    if let Some(account) = &asked.account {
        let place = places.place(account)?;
        return Ok(vec![place.ok_or_else(|| {
            Failure::usage(format!(
                "expected an account of the organization that SCPs apply to, found {account}"
            ))
        })?]);
    }
    let Some(listed) = asked.listed.as_ref().filter(|_| !places.has_given()) else {
        return Ok(places.places.clone());
    };
    let mut accounts = places.accounts();
    if !places.has_organization() {
        accounts = listed.iter().take(1).cloned().collect();
        let others = [EXAMPLE_ACCOUNT, "444455556666", "777788889999"].map(str::to_owned);
        accounts.extend(others.into_iter().find(|it| !listed.contains(it)));
    }
    let mut found = Vec::new();
    for account in accounts {
        found.extend(places.place(&account)?.filter(|place| places.is_reached(place)));
    }
    Ok(ground::distinct(found, &|place| listed.contains(&place.account)))
}

fn scene(
    common: &GenerateCommonArgs,
    regions: &[String],
    asked: &Asked,
    places: &[Place],
    knowledge: &Knowledge,
) -> Result<Scene, Failure> {
    let catalog = &knowledge.catalog;
    let given = if regions.is_empty() { &asked.regions } else { regions };
    let mut sources = Vec::new();
    for region in given {
        if !sources.contains(region) && knowledge.regions.get(region).is_some() {
            sources.push(region.clone());
        }
    }
    let model = common.model.clone().or_else(|| asked.model.clone());
    let is_approved = |id: &str| asked.approved.as_ref().is_none_or(|it| it.has(id));
    let is_model = |id: &str| model.as_deref().map_or_else(|| is_approved(id), |own| own == id);
    let is_other = |id: &str| asked.approved.as_ref().is_none_or(|it| !it.has(id));
    let choose = |regions: Vec<String>| {
        let geography = asked.geography.clone();
        let (is_model, is_other) = (&is_model, &is_other);
        let wanted = Wanted { regions, geography, is_model, is_other };
        Scene::choose(&wanted, catalog, &knowledge.regions)
    };
    let main = || {
        let scope = asked.geography.as_deref().filter(|it| *it != "global").unwrap_or("us");
        Scene::main_region(scope, catalog).into_iter().collect::<Vec<_>>()
    };
    if sources.is_empty() {
        sources = allowed_regions(places);
        sources.retain(|region| knowledge.regions.get(region).is_some());
    }
    if sources.is_empty() {
        sources = main();
    }
    choose(sources).map_err(failure)
}

/// The Regions that Region denies spare, in the order of the documents.
fn allowed_regions(places: &[Place]) -> Vec<String> {
    let policies = places.iter().flat_map(|place| &place.levels).flat_map(|level| &level.policies);
    let statements = policies.flat_map(|policy| &policy.document.statements);
    let spared = statements.filter_map(|it| it.values_of(true, "aws:RequestedRegion")).flatten();
    let mut regions = Vec::new();
    for region in spared.filter(|it| bedrock::region::is_region_shaped(it)) {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    regions
}

/// Values that may be separated by commas, too.
fn list(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let texts = texts.into_iter().collect::<Vec<_>>();
    let parts = texts.iter().flat_map(|text| text.split(',')).filter(|text| !text.is_empty());
    parts.map(str::to_owned).collect()
}

fn check_regions(option: &str, regions: &[String], knowledge: &Knowledge) -> Result<(), Failure> {
    regions.iter().try_for_each(|it| region::check(option, it, &knowledge.regions))
}
