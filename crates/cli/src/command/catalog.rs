//! `hoptrail catalog`: the catalog as files, whether such files are valid, how two catalogs differ, and
//! what AWS's CLI prints as such files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use bedrock::catalog::{Difference, Row, Table, Tables};
use bedrock::import::{Unread, import_catalog};

use crate::args::{
    CatalogCheckArgs, CatalogCommand, CatalogDiffArgs, CatalogExportArgs, CatalogImportArgs,
};
use crate::command::print;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::{knowledge, number, range};

/// What `diff` calls the catalog that ships with hoptrail.
const BUILT_IN: &str = "built-in";

/// Exports, checks, compares, or imports.
///
/// # Errors
/// If a file cannot be read, used, or written.
pub(crate) fn run(command: &CatalogCommand, messages: &Messages) -> Result<Exit, Failure> {
    match command {
        CatalogCommand::Export(args) => export(args),
        CatalogCommand::Check(args) => check(args),
        CatalogCommand::Diff(args) => diff(args),
        CatalogCommand::Import(args) => import(args, messages),
    }
}

fn export(args: &CatalogExportArgs) -> Result<Exit, Failure> {
    let tables = knowledge::tables(args.base.catalog.as_deref(), &args.base.catalog_add)?;
    write(&args.to, &tables)?;
    Ok(Exit::Done)
}

/// Writes the files of a catalog into a folder.
fn write(folder: &Path, tables: &Tables) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    for table in tables.all() {
        knowledge::write(&folder.join(table.file().name()), &table.to_csv()?)?;
    }
    Ok(())
}

fn import(args: &CatalogImportArgs, messages: &Messages) -> Result<Exit, Failure> {
    let asked = range::day("--at", &args.at, jiff::Timestamp::now())?;
    let mut tables = knowledge::tables(args.base.catalog.as_deref(), &args.base.catalog_add)?;
    let mut files = Vec::new();
    for file in &args.files {
        files.push((file.display().to_string(), knowledge::read(file)?));
    }
    let done = import_catalog(&mut tables, &files, asked)?;
    write(&args.to, &tables)?;
    messages.note(&format!(
        "{}: {} added, {} changed, {} as before",
        args.to.display(),
        number::counted(done.n_added, "row"),
        number::grouped(done.n_changed),
        number::grouped(done.n_same)
    ));
    Ok(unread(&done.unread, messages))
}

/// Names what an import has not read.
pub(crate) fn unread(unread: &[Unread], messages: &Messages) -> Exit {
    for found in unread {
        messages.warn(&escaped(&format!("{}: not imported: {}", found.at, found.why)));
    }
    if unread.is_empty() { Exit::Done } else { Exit::Partial }
}

fn check(args: &CatalogCheckArgs) -> Result<Exit, Failure> {
    let mut tables = knowledge::tables(None, &[])?;
    let (mut checked, mut findings) = (Vec::new(), Vec::new());
    for (file, text) in knowledge::texts(&args.path)? {
        let (table, found) = Table::read(file, &text);
        findings.extend(found);
        if args.additions {
            tables.of_mut(file).add(&table);
        } else {
            *tables.of_mut(file) = table.clone();
        }
        checked.push(table);
    }
    findings.extend(checked.iter().flat_map(|table| tables.check(table)));
    findings.sort_by_key(|found| (found.file, found.line));
    let shown = |name: &str| match args.path.is_dir() {
        true => args.path.join(name),
        false => args.path.clone(),
    };
    let mut report = String::new();
    for found in &findings {
        let file = shown(found.file.name());
        let problem = found.problem.to_string();
        report += &format!("{}:{}: {}\n", file.display(), found.line, escaped(&problem));
    }
    let rows = checked.iter().map(|table| table.rows().count() as u64).sum();
    let (rows, n) =
        (number::counted(rows, "row"), number::counted(findings.len() as u64, "finding"));
    print(&format!("{report}{}: {rows}, {n}\n", args.path.display()))?;
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Failed })
}

fn diff(args: &CatalogDiffArgs) -> Result<Exit, Failure> {
    let tables = |path: &PathBuf| {
        let folder = (path.as_os_str() != BUILT_IN).then_some(path.as_path());
        knowledge::tables(folder, &[])
    };
    let (before, after) = (tables(&args.before)?, tables(&args.after)?);
    let mut report = String::new();
    let (mut added, mut removed, mut changed) = (0, 0, 0);
    for (before, after) in before.all().into_iter().zip(after.all()) {
        let file = before.file();
        let mut line = |sign: char, row: &Row| {
            let fields = row.fields.join(",");
            report += &format!("{sign} {file} {}\n", escaped(&fields));
        };
        for difference in before.differences(after) {
            match difference {
                Difference::Added(row) => {
                    line('+', row);
                    added += 1;
                }
                Difference::Removed(row) => {
                    line('-', row);
                    removed += 1;
                }
                Difference::Changed(before, after) => {
                    line('<', before);
                    line('>', after);
                    changed += 1;
                }
            }
        }
    }
    print(&format!("{report}{added} added, {removed} removed, {changed} changed\n"))?;
    Ok(Exit::Done)
}
