//! Profiles that calls are to pass through, as users name them.

use std::collections::BTreeSet;

use bedrock::arn::Arn;
use bedrock::{Knowledge, TargetType};
use policy::generate::goal::{Exempt, Exempted};

use super::goals::{Asked, list};
use crate::exit::Failure;
use crate::region;

/// The exemption of the options, from source Regions if some were given.
///
/// # Errors
/// If one of them is no profile.
pub(super) fn exempt(
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
pub(super) fn of_exempted(
    exempted: &[Exempted],
    knowledge: &Knowledge,
    regions: Vec<String>,
) -> Asked {
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

/// Says which Regions calls may begin in, if that is none of those that SCPs allow, or that were given.
///
/// # Errors
/// If there is a profile like that.
pub(super) fn check_sources(
    exempted: &[Exempted],
    given: &[String],
    allowed: &[String],
    knowledge: &Knowledge,
) -> Result<(), Failure> {
    let from = if given.is_empty() { allowed } else { given };
    if from.is_empty() {
        return Ok(());
    }
    for it in exempted {
        let (name, is_scope) = match it {
            Exempted::Scope(scope) => (format!("{scope}."), true),
            Exempted::Profile(id) => (id.clone(), false),
            Exempted::ApplicationProfiles | Exempted::ApplicationProfile(_) => continue,
        };
        let is_it = |id: &str| if is_scope { id.starts_with(&name) } else { id == name };
        let profiles = knowledge.catalog.profiles().filter(|(id, _)| is_it(id));
        let sources = profiles.flat_map(|(_, by_source)| by_source.keys());
        let sources = sources.map(String::as_str).collect::<BTreeSet<_>>();
        if !from.iter().any(|region| sources.contains(region.as_str())) {
            let sources = sources.into_iter().collect::<Vec<_>>().join(", ");
            let whose = if given.is_empty() { "the SCPs allow" } else { "--region has" };
            return Err(Failure::usage(format!(
                "calls through {name} begin in {sources}, but {whose} {}: name one with --region, and see what would \
                 have to change",
                from.join(", ")
            )));
        }
    }
    Ok(())
}
