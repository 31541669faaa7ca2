//! From files to what is known: catalog, Regions, prices, aliases.

use std::path::Path;

use anyhow::{Context, bail};
use bedrock::catalog::{EMBEDDED_MODELS, EMBEDDED_PROFILES};
use bedrock::price::PriceBook;
use bedrock::{Catalog, Knowledge, Regions};
use logs::digest::PublicKeys;

use crate::args::KnowledgeArgs;

/// Reads what the user gives over what is built in.
///
/// # Errors
/// If a file cannot be read or used.
pub fn load(args: &KnowledgeArgs) -> anyhow::Result<Knowledge> {
    let mut knowledge = Knowledge::embedded();
    if let Some(folder) = &args.catalog {
        (knowledge.catalog, knowledge.regions) = from_folder(folder)?;
    }
    if let Some(file) = &args.prices {
        knowledge.prices = PriceBook::parse(&read(file)?).with_context(|| unusable(file))?;
    }
    if let Some(file) = &args.price_overrides {
        knowledge.prices.overlay(&read(file)?).with_context(|| unusable(file))?;
    }
    if let Some(file) = &args.jurisdictions {
        let text = read(file)?;
        knowledge.regions.regroup(&text).with_context(|| unusable(file))?;
    }
    for file in &args.aliases {
        add_aliases(&mut knowledge, file)?;
    }
    Ok(knowledge)
}

/// A folder replaces the files that it holds; what it lacks stays built in.
fn from_folder(folder: &Path) -> anyhow::Result<(Catalog, Regions)> {
    const FILES: [&str; 3] = ["models.csv", "inference_profiles.csv", "regions.csv"];
    let mut found = 0;
    let mut text_of = |name: &str| -> anyhow::Result<Option<String>> {
        let file = folder.join(name);
        let exists = file.try_exists().with_context(|| unusable(&file))?;
        found += usize::from(exists);
        exists.then(|| read(&file)).transpose()
    };
    let (models, profiles, regions) = (text_of(FILES[0])?, text_of(FILES[1])?, text_of(FILES[2])?);
    if found == 0 {
        bail!("the catalog {}: expected at least one of {}", folder.display(), FILES.join(", "));
    }
    let catalog = Catalog::parse(
        models.as_deref().unwrap_or(EMBEDDED_MODELS),
        profiles.as_deref().unwrap_or(EMBEDDED_PROFILES),
    )
    .with_context(|| unusable(folder))?;
    let regions = match regions {
        Some(text) => Regions::parse(&text).with_context(|| unusable(&folder.join(FILES[2])))?,
        None => Regions::embedded(),
    };
    Ok((catalog, regions))
}

fn add_aliases(knowledge: &mut Knowledge, file: &Path) -> anyhow::Result<()> {
    let text = read(file)?;
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    match kind {
        "toml" => knowledge.aliases.add_toml(&text).with_context(|| unusable(file)),
        "csv" => knowledge.aliases.add_csv(&text).with_context(|| unusable(file)),
        "json" => {
            let found = logs::inference_profiles::aliases(&text, &knowledge.catalog)
                .with_context(|| unusable(file))?;
            for (model_ref, alias) in found {
                knowledge.aliases.add(&model_ref, alias);
            }
            Ok(())
        }
        _ => bail!(
            "the alias file {}: expected a name that ends in .toml, .csv or .json",
            file.display()
        ),
    }
}

/// The keys that sign digest files, from the output of `aws cloudtrail list-public-keys`.
///
/// # Errors
/// If the file cannot be read or used.
pub fn digest_keys(file: &Path) -> anyhow::Result<PublicKeys> {
    let mut keys = PublicKeys::default();
    keys.add_list(read(file)?.as_bytes()).with_context(|| unusable(file))?;
    Ok(keys)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn unusable(path: &Path) -> String {
    format!("{} cannot be used", path.display())
}
