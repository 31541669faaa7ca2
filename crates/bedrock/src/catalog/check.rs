//! Whether the files of a catalog fit together: what their rows refer to, and what they lack.

use std::collections::BTreeSet;

use super::ALL_COMMERCIAL;
use super::nearest::nearest;
use super::table::{File, Finding, Problem, Row, Table};
use crate::csv_file::LineProblem;
use crate::region::is_region_shaped;

/// The three files of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// `models.csv`.
    pub models: Table,
    /// `inference_profiles.csv`.
    pub profiles: Table,
    /// `regions.csv`.
    pub regions: Table,
}

impl Tables {
    /// All three, in the order of [`File::ALL`].
    pub fn all(&self) -> [&Table; 3] {
        [&self.models, &self.profiles, &self.regions]
    }

    /// The table of a file.
    pub fn of_mut(&mut self, file: File) -> &mut Table {
        match file {
            File::Models => &mut self.models,
            File::Profiles => &mut self.profiles,
            File::Regions => &mut self.regions,
        }
    }

    /// What is wrong with the rows of `table`, which are also in these tables: names that nothing has.
    pub fn check_names(&self, table: &Table) -> Vec<Finding> {
        let file = table.file();
        let findings = table.rows().flat_map(|row| {
            let problems = self.check_row(file, row);
            problems.into_iter().map(|problem| Finding { file, line: row.line, problem })
        });
        findings.collect()
    }

    /// What a row of a file names that nothing has.
    pub(crate) fn check_row(&self, file: File, row: &Row) -> Vec<Problem> {
        match file {
            File::Models => self.check_model(row),
            File::Profiles => self.check_profile(row),
            File::Regions => check_region(row),
        }
    }

    /// What is wrong with the rows of `table`, also what they lack without being unusable.
    pub fn check(&self, table: &Table) -> Vec<Finding> {
        let file = table.file();
        let mut findings = self.check_names(table);
        let source = file.columns().len() - 1;
        let unsourced = table.rows().filter(|row| row.field(source).is_empty());
        findings.extend(unsourced.map(|row| Finding {
            file,
            line: row.line,
            problem: LineProblem::Missing("source").into(),
        }));
        findings.sort_by_key(|finding| finding.line);
        findings
    }

    fn check_model(&self, row: &Row) -> Vec<Problem> {
        let (id, canonical) = (row.field(0), row.field(1));
        if canonical.is_empty() || canonical == id {
            return Vec::new();
        }
        let problem = match self.models.get(&[canonical.to_owned()]).map(|row| row.field(1)) {
            None => self.unknown_model("canonical_id", canonical),
            Some(other) if other.is_empty() || other == canonical => return Vec::new(),
            Some(other) => {
                Problem::NotCanonical { found: canonical.to_owned(), canonical: other.to_owned() }
            }
        };
        vec![problem]
    }

    fn check_profile(&self, row: &Row) -> Vec<Problem> {
        let (id, source, destinations) = (row.field(0), row.field(1), row.field(2));
        let mut problems = Vec::new();
        // A model id has a dot of its own, behind its vendor.
        match id.split_once('.').filter(|(_, model)| model.contains('.')) {
            None => problems.push(Problem::NoScope(id.to_owned())),
            Some((_, model)) if self.models.get(&[model.to_owned()]).is_none() => {
                problems.push(self.unknown_model("profile_id", model));
            }
            Some(_) => {}
        }
        problems.extend(self.unknown_region("source_region", source));
        match destinations {
            // AWS prints no destinations of GovCloud's profiles.
            "" if id.starts_with("us-gov.") => {}
            "" => problems.push(Problem::NoDestinations),
            ALL_COMMERCIAL if id.starts_with("global.") => {}
            ALL_COMMERCIAL => problems.push(Problem::NotGlobal),
            list => {
                let mut seen = BTreeSet::new();
                for region in list.split(';') {
                    problems.extend(self.unknown_region("destination_regions", region));
                    if !seen.insert(region) {
                        problems.push(Problem::RepeatedDestination(region.to_owned()));
                    }
                }
            }
        }
        problems
    }

    fn unknown_model(&self, column: &'static str, found: &str) -> Problem {
        let nearest = nearest(found, self.models.rows().map(|row| row.field(0)));
        let nearest = nearest.map(str::to_owned);
        Problem::UnknownModel { column, found: found.to_owned(), nearest }
    }

    fn unknown_region(&self, column: &'static str, found: &str) -> Option<Problem> {
        if self.regions.get(&[found.to_owned()]).is_some() {
            return None;
        }
        let nearest = nearest(found, self.regions.rows().map(|row| row.field(0)));
        let nearest = nearest.map(str::to_owned);
        Some(Problem::UnknownRegion { column, found: found.to_owned(), nearest })
    }
}

fn check_region(row: &Row) -> Vec<Problem> {
    let code = row.field(0);
    if is_region_shaped(code) {
        return Vec::new();
    }
    vec![Problem::NoRegionCode(code.to_owned())]
}
