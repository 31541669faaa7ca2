//! Offer files as CSV: lines of properties, then a header, then one line a price.

use std::io::BufRead;

use csv::StringRecord;

use super::{Price, PriceList, Product};
use crate::import::ImportError;

/// Properties before the header, as it stands from the first column on.
const FIRST_COLUMN: &str = "SKU";

/// Reads a file.
pub(in crate::import) fn read(
    list: &mut PriceList<'_, '_>,
    bytes: impl BufRead,
) -> Result<(), ImportError> {
    let file = list.file.clone();
    let broken = |source| ImportError::Csv { file: file.clone(), source };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = StringRecord::new();
    let mut columns = None;
    while reader.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = || list.at(&format!("line {line}"));
        let Some(columns) = &columns else {
            match (record.get(0), record.get(1)) {
                (Some(FIRST_COLUMN), _) => columns = Some(Columns::of(&record, &at())?),
                (Some("FormatVersion"), Some(version)) => list.format(version)?,
                (Some("Publication Date"), Some(date)) => list.published(date)?,
                (Some("Disclaimer" | "Version" | "OfferCode"), _) => {}
                (found, _) => {
                    let found = found.unwrap_or_default();
                    let found = crate::call::cut(found);
                    let problem = format!("expected a price list of AWS, found `{found}`");
                    return Err(ImportError::content(at(), problem));
                }
            }
            continue;
        };
        if record.len() != columns.n {
            let problem = format!("expected {} fields, found {}", columns.n, record.len());
            return Err(ImportError::content(at(), problem));
        }
        let field = |column: usize| record.get(column).unwrap_or_default();
        if field(columns.term_type) != "OnDemand" {
            continue;
        }
        let currency = field(columns.currency);
        if currency != "USD" {
            let problem = format!("Currency: expected USD, found `{currency}`");
            return Err(ImportError::content(at(), problem));
        }
        let optional = |column: Option<usize>| column.map(field).unwrap_or_default().to_owned();
        let product = Product {
            region_code: field(columns.region).to_owned(),
            usage_type: field(columns.usage_type).to_owned(),
            model: optional(columns.model),
            service_name: optional(columns.service_name),
            service_tier: optional(columns.service_tier),
        };
        list.product(field(columns.sku), &product);
        list.price(&Price {
            sku: field(columns.sku),
            effective_date: field(columns.effective_date),
            begin_range: field(columns.begin_range),
            unit: field(columns.unit),
            usd: field(columns.price),
        })?;
    }
    if columns.is_none() {
        let problem = "expected a header that begins with SKU, found the end of the file";
        return Err(ImportError::content(list.file.clone(), problem));
    }
    Ok(())
}

/// Where the columns are.
struct Columns {
    n: usize,
    sku: usize,
    term_type: usize,
    effective_date: usize,
    begin_range: usize,
    unit: usize,
    price: usize,
    currency: usize,
    region: usize,
    usage_type: usize,
    model: Option<usize>,
    service_name: Option<usize>,
    service_tier: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord, at: &str) -> Result<Self, ImportError> {
        // Files differ in case and blanks: `Region Code`, `usageType`, `service_tier`.
        let plain = |name: &str| {
            let letters = name.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
        };
        let names = header.iter().map(plain).collect::<Vec<_>>();
        let find = |name: &str| names.iter().position(|found| found == name);
        let need = |name: &str| {
            find(name).ok_or_else(|| {
                ImportError::content(at, format!("expected a column {name}, found none"))
            })
        };
        Ok(Columns {
            n: header.len(),
            sku: need("sku")?,
            term_type: need("termtype")?,
            effective_date: need("effectivedate")?,
            begin_range: need("startingrange")?,
            unit: need("unit")?,
            price: need("priceperunit")?,
            currency: need("currency")?,
            region: need("regioncode")?,
            usage_type: need("usagetype")?,
            model: find("model"),
            service_name: find("servicename"),
            service_tier: find("servicetier"),
        })
    }
}
