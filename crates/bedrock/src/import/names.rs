//! Which model a price list means. Its names are not model ids; those that fit one model are taken.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Lookup};
use crate::model_id::ModelId;

/// Names that no rule explains. Source: awslabs/model-info-amazon-bedrock, `pricing/aliases.py`.
const EXCEPTIONS: [(&str, &str); 9] = [
    ("cohere embed 3 model english", "cohere.embed-english-v3"),
    ("cohere embed 4 model", "cohere.embed-v4:0"),
    ("cohere embed model 3 multilingual", "cohere.embed-multilingual-v3"),
    ("nova2.0lite", "amazon.nova-2-lite-v1:0"),
    ("novamultimodalembeddings", "amazon.nova-2-multimodal-embeddings-v1:0"),
    ("novasonic text", "amazon.nova-sonic-v1:0"),
    ("novasonic2.0 text", "amazon.nova-2-sonic-v1:0"),
    ("titanembeddingsg1 text", "amazon.titan-embed-text-v1"),
    ("titanembeddingv2 text", "amazon.titan-embed-text-v2:0"),
];

/// The models of a catalog by what price lists call them.
#[derive(Debug)]
pub(super) struct Names<'a> {
    catalog: &'a Catalog,
    /// By name, and by vendor and name; `None` for those of several models.
    by_name: BTreeMap<String, Option<&'a str>>,
    /// By the id without vendor, date, and version.
    by_id: BTreeMap<String, Option<&'a str>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(catalog: &'a Catalog) -> Self {
        let mut names = Names { catalog, by_name: BTreeMap::new(), by_id: BTreeMap::new() };
        for model in catalog.models() {
            if let Some(name) = &model.name {
                put(&mut names.by_name, plain(name), &model.id);
                put(&mut names.by_name, plain(&format!("{}{name}", model.provider)), &model.id);
            }
            let base = ModelId::parse(&model.id).name;
            let without_vendor = base.split_once('.').map_or(base, |(_, name)| name);
            put(&mut names.by_id, plain(without_vendor), &model.id);
        }
        names
    }

    /// The canonical id of the only model that a name or id means.
    pub(super) fn model(&self, name: &str) -> Option<&'a str> {
        if let Lookup::Exact(model) | Lookup::Base(model) = self.catalog.model(name) {
            return Some(&model.id);
        }
        let plain_name = plain(name);
        let exception = EXCEPTIONS.iter().find(|(known, _)| plain(known) == plain_name);
        if let Some((_, id)) = exception {
            return match self.catalog.model(id) {
                Lookup::Exact(model) => Some(&model.id),
                _ => None,
            };
        }
        let found = self.by_name.get(&plain_name).or_else(|| self.by_id.get(&plain_name));
        found.copied().flatten()
    }

    /// The canonical id of a model id, or what is said of an unknown one.
    pub(super) fn id(&self, id: &str) -> Result<&'a str, String> {
        match self.catalog.model(id) {
            Lookup::Exact(model) => Ok(&model.id),
            _ => {
                let nearest = self.catalog.nearest(id).map(str::to_owned);
                Err(format!("unknown model `{id}`{}", crate::catalog::hint(nearest.as_ref())))
            }
        }
    }
}

fn put<'a>(names: &mut BTreeMap<String, Option<&'a str>>, name: String, id: &'a str) {
    let known = names.entry(name).or_insert(Some(id));
    if *known != Some(id) {
        *known = None;
    }
}

/// Letters and digits in lower case; Command R+ is not Command R.
fn plain(name: &str) -> String {
    let name = name.replace('+', "plus");
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
