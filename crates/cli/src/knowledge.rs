//! Loads what is known of models, Regions, and prices: built in, or from the user's files.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bedrock::catalog::{
    EMBEDDED_MODELS, EMBEDDED_PROFILES, File, Table, Tables, require_destinations,
};
use bedrock::price::{PriceBook, UnitPrices, check_unit_prices};
use bedrock::{Accounts, Catalog, Discounts, Knowledge, Regions};
use logs::digest::PublicKeys;

use crate::args::KnowledgeArgs;
use crate::exit::Failure;
use crate::whole_file::write_whole;

/// Loads what is built in, and the user's files over it.
///
/// # Errors
/// If a file cannot be read or is invalid.
pub(crate) fn load(args: &KnowledgeArgs) -> Result<Knowledge, Failure> {
    from_files(args).map_err(|error| Failure::of_options(&error))
}

fn from_files(args: &KnowledgeArgs) -> anyhow::Result<Knowledge> {
    let mut knowledge = Knowledge::embedded();
    if !args.catalog_add.is_empty() {
        let tables = tables(args.catalog.as_deref(), &args.catalog_add)?;
        knowledge.catalog = Catalog::parse(&tables.models.to_csv()?, &tables.profiles.to_csv()?)?;
        knowledge.regions = Regions::parse(&tables.regions.to_csv()?)?;
    } else if let Some(folder) = &args.catalog {
        (knowledge.catalog, knowledge.regions) = from_folder(folder)?;
    }
    if let Some(file) = &args.prices {
        knowledge.prices = PriceBook::parse(&read(file)?).with_context(|| invalid(file))?;
    }
    if let Some(file) = &args.price_overrides {
        knowledge.prices.overlay(&read(file)?).with_context(|| invalid(file))?;
        let known =
            knowledge.prices.require_known_overrides(&knowledge.catalog, &knowledge.regions);
        known.with_context(|| invalid(file))?;
    }
    if let Some(file) = &args.unit_prices {
        let text = read(file)?;
        let units = UnitPrices::parse(&text).with_context(|| invalid(file))?;
        if let Some(finding) =
            check_unit_prices(&text, &knowledge.catalog, &knowledge.regions).first()
        {
            return Err(anyhow::anyhow!("{finding}")).with_context(|| invalid(file));
        }
        knowledge.prices = knowledge.prices.with_units(units);
    }
    if let Some(file) = &args.jurisdictions {
        let text = read(file)?;
        knowledge.regions.regroup(&text).with_context(|| invalid(file))?;
    }
    if let Some(file) = &args.discount {
        let Knowledge { catalog, regions, prices, .. } = &knowledge;
        let discounts = Discounts::parse(&read(file)?, catalog, regions, prices);
        knowledge.discounts = Some(discounts.with_context(|| invalid(file))?);
    }
    for file in &args.aliases {
        add_aliases(&mut knowledge, file)?;
    }
    Ok(knowledge)
}

/// Files of the folder are used instead of the built-in ones.
fn from_folder(folder: &Path) -> anyhow::Result<(Catalog, Regions)> {
    let texts = texts(folder)?;
    let text_of = |file: File, embedded: &'static str| {
        let found = texts.iter().find(|(found, _)| *found == file);
        found.map_or(embedded, |(_, text)| text)
    };
    let models = text_of(File::Models, EMBEDDED_MODELS);
    let catalog = Catalog::parse(models, text_of(File::Profiles, EMBEDDED_PROFILES));
    let regions = Regions::parse(text_of(File::Regions, bedrock::region::EMBEDDED));
    let file = || invalid(&folder.join(File::Regions.name()));
    if let Some((_, text)) = texts.iter().find(|(found, _)| *found == File::Profiles) {
        require_destinations(text).with_context(|| invalid(folder))?;
    }
    Ok((catalog.with_context(|| invalid(folder))?, regions.with_context(file)?))
}

/// The catalog as tables: the built-in files or those of a folder, and additions to them.
///
/// # Errors
/// If a file cannot be read or is invalid, or if a row of an addition names nothing that is known.
pub(crate) fn tables(folder: Option<&Path>, additions: &[PathBuf]) -> anyhow::Result<Tables> {
    let mut tables = Tables {
        models: Table::parse(File::Models, EMBEDDED_MODELS)?,
        profiles: Table::parse(File::Profiles, EMBEDDED_PROFILES)?,
        regions: Table::parse(File::Regions, bedrock::region::EMBEDDED)?,
    };
    if let Some(folder) = folder {
        for (file, text) in texts(folder)? {
            let table = Table::parse(file, &text).with_context(|| invalid(folder))?;
            *tables.of_mut(file) = table;
        }
    }
    let mut added = Vec::new();
    for path in additions {
        for (file, text) in texts(path)? {
            let table = Table::parse(file, &text).with_context(|| invalid(path))?;
            tables.of_mut(file).add(&table);
            added.push((path, table));
        }
    }
    // Additions may refer to one another.
    for (path, table) in added {
        if let Some(finding) = tables.check_names(&table).into_iter().next() {
            return Err(finding).with_context(|| invalid(path));
        }
    }
    Ok(tables)
}

/// The catalog files of a folder, or one file, told by its header.
///
/// # Errors
/// If there is none, or one cannot be read.
pub(crate) fn texts(path: &Path) -> anyhow::Result<Vec<(File, String)>> {
    let names = File::ALL.map(File::name).join(", ");
    if !path.is_dir() {
        let text = read(path)?;
        let Some(file) = File::of_header(&text) else {
            bail!("catalog {}: expected the columns of one of {names}", path.display());
        };
        return Ok(vec![(file, text)]);
    }
    let mut texts = Vec::new();
    for file in File::ALL {
        let path = path.join(file.name());
        if path.try_exists().with_context(|| format!("could not read {}", path.display()))? {
            texts.push((file, read(&path)?));
        }
    }
    if texts.is_empty() {
        bail!("catalog {}: expected at least one of {names}", path.display());
    }
    Ok(texts)
}

/// Writes a file as a whole, or to stdout with `-`.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    if file == Path::new("-") {
        return Ok(crate::command::print(text)?);
    }
    write_whole(file, text).with_context(|| format!("could not write {}", file.display()))
}

fn add_aliases(knowledge: &mut Knowledge, file: &Path) -> anyhow::Result<()> {
    let text = read(file)?;
    let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    match kind {
        "toml" => knowledge.aliases.add_toml(&text).with_context(|| invalid(file)),
        "csv" => knowledge.aliases.add_csv(&text).with_context(|| invalid(file)),
        "json" => {
            let found =
                logs::cli_output::read(&text, &knowledge.catalog).with_context(|| invalid(file))?;
            for (model_ref, alias) in found.aliases {
                knowledge.aliases.add(&model_ref, alias);
            }
            for (model_ref, tags) in found.tags {
                knowledge.aliases.set_tags(&model_ref, &tags);
            }
            Ok(())
        }
        _ => bail!(
            "alias file {}: expected a name that ends in .toml, .csv, or .json",
            file.display()
        ),
    }
}

/// What accounts are called, from the output of `aws organizations list-accounts` or a CSV file, which are told
/// apart by how they begin.
///
/// # Errors
/// If the file cannot be read or is invalid.
pub(crate) fn accounts(file: &Path) -> Result<Accounts, Failure> {
    let parse = |text: &str| match text.trim_start().starts_with(['{', '[']) {
        true => logs::account_list::read(text).with_context(|| invalid(file)),
        false => Accounts::parse(text).with_context(|| invalid(file)),
    };
    read(file).and_then(|text| parse(&text)).map_err(|error| Failure::of_options(&error))
}

/// The public keys of digest files' signatures, from the output of `aws cloudtrail list-public-keys`.
///
/// # Errors
/// If the file cannot be read or is invalid.
pub(crate) fn digest_keys(file: &Path) -> Result<PublicKeys, Failure> {
    let mut keys = PublicKeys::default();
    let mut add = |text: &str| keys.add_list(text.as_bytes()).with_context(|| invalid(file));
    let added = read(file).and_then(|text| add(&text));
    added.map_err(|error| Failure::of_options(&error))?;
    Ok(keys)
}

/// The text of a file, without the byte order mark that Windows writes before it.
///
/// # Errors
/// If it cannot be read, with its name.
pub(crate) fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// What is said before the problem of a file.
pub(crate) fn invalid(path: &Path) -> String {
    format!("invalid file {}", path.display())
}
