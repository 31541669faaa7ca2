//! `aws bedrock list-foundation-model-agreement-offers`: the rate card of one model, in all Regions.

use serde::Deserialize;

use super::ImportError;
use super::quote::{PriceImport, Quoted, Target};
use crate::dimension::{self, NoDimension};
use crate::money::{Usd, UsdPerMillion};
use crate::price::ALL_COMMERCIAL;

/// The source of these rows.
const SOURCE: &str = "ListFoundationModelAgreementOffers";

/// The output: a model and its offers.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) model_id: String,
    pub(super) offers: Vec<Offer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offer {
    term_details: TermDetails,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TermDetails {
    usage_based_pricing_term: Term,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    rate_card: Vec<Rate>,
}

#[derive(Debug, Deserialize)]
struct Rate {
    dimension: String,
    price: String,
}

/// Adds the prices of all offers.
pub(super) fn read(
    import: &mut PriceImport<'_>,
    file: &str,
    Offers { model_id, offers }: Offers,
) -> Result<(), ImportError> {
    let model = match import.names.id(&model_id) {
        Ok(model) => model,
        Err(why) => {
            import.unread(file.to_owned(), why);
            return Ok(());
        }
    };
    let rates =
        offers.into_iter().flat_map(|offer| offer.term_details.usage_based_pricing_term.rate_card);
    let rates = rates.collect::<Vec<_>>();
    for Rate { dimension, price } in rates {
        let at = format!("{file}: {dimension}");
        // OpenAI's dimensions, which are in small letters, have no Region: they are for all.
        let code = dimension.split_once('_').filter(|(head, _)| is_code(head));
        let region = code.map(|(code, _)| import.regions.of_billing_code(code));
        let (region, name) = match (region, code) {
            (Some(Some(region)), Some((_, name))) => (region.region_code.as_str(), name),
            (Some(None), Some((code, _))) => {
                import.unread(at, format!("unknown billing code `{code}` of a Region"));
                continue;
            }
            _ if dimension.starts_with(|c: char| c.is_ascii_lowercase()) => {
                (ALL_COMMERCIAL, dimension.as_str())
            }
            _ => {
                import.unread(at, "no billing code of a Region");
                continue;
            }
        };
        let read = match dimension::read(name) {
            Ok(read) => read,
            Err(NoDimension::OtherUnit(word)) => {
                import.other_unit(word);
                continue;
            }
            Err(NoDimension::Unknown(why)) => {
                import.unread(at, why);
                continue;
            }
        };
        let usd = price.parse::<Usd>();
        let usd = usd.map_err(|error| ImportError::content(&at, format!("price: {error}")))?;
        let Some(price) = UsdPerMillion::from_usd_per(usd, 1_000_000) else {
            import.unread(at, format!("{usd} per million tokens: finer than the tables keep"));
            continue;
        };
        let target = Target {
            model_id: model.into(),
            source_region: region.into(),
            dimension: read,
            is_mantle: false,
        };
        let asked = import.asked;
        import.quote(at, &target, Quoted { price, since: asked, seen: asked, source: SOURCE });
    }
    Ok(())
}

/// `USE1`, `APN1`, `EU`, ...: capitals and digits.
fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
