//! What bills call the models: `config/billing_names.csv`. A name that is not there is not guessed.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Lookup};

/// The names that ship with hoptrail.
pub const EMBEDDED: &str = include_str!("../../../../config/billing_names.csv");

/// Models by what bills call them.
#[derive(Debug)]
pub struct BillingNames<'a> {
    catalog: &'a Catalog,
    /// Canonical model ids by name, in lower case.
    by_name: BTreeMap<String, String>,
}

impl<'a> BillingNames<'a> {
    /// The names of a file with the columns `billing_name`, `model_id`, and `source`, for the models of a catalog.
    ///
    /// # Errors
    /// What is wrong with a line: a model that the catalog lacks, a name that is there twice, or no such file.
    pub fn read(text: &str, catalog: &'a Catalog) -> Result<Self, String> {
        let mut names = BillingNames { catalog, by_name: BTreeMap::new() };
        names.add(text)?;
        Ok(names)
    }

    /// Adds the names of another such file, which win over those that are there.
    ///
    /// # Errors
    /// As [`BillingNames::read`].
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let mut added = BTreeMap::new();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?;
        if header.iter().ne(["billing_name", "model_id", "source"]) {
            let found = header.iter().collect::<Vec<_>>().join(",");
            return Err(format!("line 1: expected billing_name,model_id,source, found {found}"));
        }
        for (line, row) in (2_u64..).zip(reader.records()) {
            let row = row.map_err(|error| format!("line {line}: {error}"))?;
            let [name, id, source] = [0, 1, 2].map(|place| row.get(place).unwrap_or_default());
            let Lookup::Exact(model) = self.catalog.model(id) else {
                return Err(format!(
                    "line {line}: model_id: expected a model of the catalog, found `{id}`"
                ));
            };
            if name.is_empty() || source.is_empty() {
                return Err(format!(
                    "line {line}: expected a billing_name and a source, found none"
                ));
            }
            if added.insert(name.to_ascii_lowercase(), model.id.clone()).is_some() {
                return Err(format!(
                    "line {line}: expected each billing_name once, found a second `{name}`"
                ));
            }
        }
        self.by_name.extend(added);
        Ok(())
    }

    /// The canonical id of the model that a name of a bill is: one of the file, also behind the name of the model's
    /// provider, or a model id itself.
    pub fn model(&self, name: &str) -> Option<&str> {
        let name = name.trim();
        if let Some(id) = self.by_name.get(&name.to_ascii_lowercase()) {
            return Some(id);
        }
        if let Lookup::Exact(model) = self.catalog.model(name) {
            return Some(&model.id);
        }
        let (provider, rest) = name.split_once(' ')?;
        let id = self.by_name.get(&rest.to_ascii_lowercase())?;
        match self.catalog.model(id) {
            Lookup::Exact(model) if model.provider == provider => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_catalog_and_nothing_is_guessed() {
        let catalog = Catalog::embedded();
        let names = BillingNames::read(EMBEDDED, &catalog).unwrap();
        assert_eq!(names.model("NovaPro"), Some("amazon.nova-pro-v1:0"));
        assert_eq!(names.model("novapro"), Some("amazon.nova-pro-v1:0"));
        assert_eq!(names.model("anthropic.claude-opus-4-8"), Some("anthropic.claude-opus-4-8"));
        let astra = "GPT-6 Astra (Amazon Bedrock Edition)";
        for name in [astra, &format!("OpenAI {astra}")] {
            assert_eq!(names.model(name), Some("openai.gpt-6-astra"), "{name}");
        }
        assert_eq!(names.model(&format!("Meta {astra}")), None);
        for unknown in ["", "NovaPr", "Nova Pro", "anthropic.claude-opus", "claude-opus-4-8"] {
            assert_eq!(names.model(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn added_names_win() {
        let catalog = Catalog::embedded();
        let mut names = BillingNames::read(EMBEDDED, &catalog).unwrap();
        names.add("billing_name,model_id,source\nNovaPro,amazon.nova-lite-v1:0,us\n").unwrap();
        assert_eq!(names.model("NovaPro"), Some("amazon.nova-lite-v1:0"));
        assert_eq!(names.model("NovaMicro"), Some("amazon.nova-micro-v1:0"));
        assert!(names.add("billing_name,model_id,source\nX,amazon.nothing,us\n").is_err());
    }

    #[test]
    fn mistakes_are_named_by_line() {
        let catalog = Catalog::embedded();
        for (text, expected) in [
            ("a,b\n", "line 1: expected billing_name,model_id,source"),
            ("billing_name,model_id,source\nX,anthropic.nothing,s\n", "line 2: model_id: expected"),
            (
                "billing_name,model_id,source\nX,amazon.nova-pro-v1:0,\n",
                "line 2: expected a billing_name",
            ),
            (
                "billing_name,model_id,source\nX,amazon.nova-pro-v1:0,s\nx,amazon.nova-pro-v1:0,s\n",
                "line 3: expected each billing_name once",
            ),
        ] {
            let found = BillingNames::read(text, &catalog).unwrap_err();
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
