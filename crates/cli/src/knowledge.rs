//! Loads what is known of models, Regions, and prices: built in, or from the user's files.

use std::path::Path;

use anyhow::{Context, bail};
use bedrock::catalog::{EMBEDDED_MODELS, EMBEDDED_PROFILES};
use bedrock::price::PriceBook;
use bedrock::{Catalog, Knowledge, Regions};
use logs::digest::PublicKeys;

use crate::args::KnowledgeArgs;

/// Loads what is built in, and the user's files over it.
///
/// # Errors
/// If a file cannot be read or is invalid.
pub(crate) fn load(args: &KnowledgeArgs) -> anyhow::Result<Knowledge> {
    let mut knowledge = Knowledge::embedded();
    if let Some(folder) = &args.catalog {
        (knowledge.catalog, knowledge.regions) = from_folder(folder)?;
    }
    if let Some(file) = &args.prices {
        knowledge.prices = PriceBook::parse(&read(file)?).with_context(|| invalid(file))?;
    }
    if let Some(file) = &args.price_overrides {
        knowledge.prices.overlay(&read(file)?).with_context(|| invalid(file))?;
    }
    if let Some(file) = &args.jurisdictions {
        let text = read(file)?;
        knowledge.regions.regroup(&text).with_context(|| invalid(file))?;
    }
    for file in &args.aliases {
        add_aliases(&mut knowledge, file)?;
    }
    Ok(knowledge)
}

/// Files of the folder are used instead of the built-in ones.
fn from_folder(folder: &Path) -> anyhow::Result<(Catalog, Regions)> {
    const FILES: [&str; 3] = ["models.csv", "inference_profiles.csv", "regions.csv"];
    let mut found = 0;
    let mut text_of = |name: &str| -> anyhow::Result<Option<String>> {
        let file = folder.join(name);
        let exists =
            file.try_exists().with_context(|| format!("could not read {}", file.display()))?;
        found += usize::from(exists);
        exists.then(|| read(&file)).transpose()
    };
    let (models, profiles, regions) = (text_of(FILES[0])?, text_of(FILES[1])?, text_of(FILES[2])?);
    if found == 0 {
        bail!("catalog {}: expected at least one of {}", folder.display(), FILES.join(", "));
    }
    let catalog = Catalog::parse(
        models.as_deref().unwrap_or(EMBEDDED_MODELS),
        profiles.as_deref().unwrap_or(EMBEDDED_PROFILES),
    )
    .with_context(|| invalid(folder))?;
    let regions = match regions {
        Some(text) => Regions::parse(&text).with_context(|| invalid(&folder.join(FILES[2])))?,
        None => Regions::embedded(),
    };
    Ok((catalog, regions))
}

fn add_aliases(knowledge: &mut Knowledge, file: &Path) -> anyhow::Result<()> {
    let text = read(file)?;
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    match kind {
        "toml" => knowledge.aliases.add_toml(&text).with_context(|| invalid(file)),
        "csv" => knowledge.aliases.add_csv(&text).with_context(|| invalid(file)),
        "json" => {
            let found = logs::inference_profiles::aliases(&text, &knowledge.catalog)
                .with_context(|| invalid(file))?;
            for (model_ref, alias) in found {
                knowledge.aliases.add(&model_ref, alias);
            }
            Ok(())
        }
        _ => bail!(
            "alias file {}: expected a name that ends in .toml, .csv, or .json",
            file.display()
        ),
    }
}

/// The public keys of digest files' signatures, from the output of `aws cloudtrail list-public-keys`.
///
/// # Errors
/// If the file cannot be read or is invalid.
pub(crate) fn digest_keys(file: &Path) -> anyhow::Result<PublicKeys> {
    let mut keys = PublicKeys::default();
    keys.add_list(read(file)?.as_bytes()).with_context(|| invalid(file))?;
    Ok(keys)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}

fn invalid(path: &Path) -> String {
    format!("invalid file {}", path.display())
}
