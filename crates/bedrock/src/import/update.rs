//! Bringing a price book up to date: what is new is added, what has changed gets a new dated row, and
//! the old one is closed.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Quote, Unread};
use crate::price::{ALL_COMMERCIAL, PriceRow, RowKey, is_commercial};
use crate::region::Regions;

/// A price book that is up to date with quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// All rows, in the order of their keys and days.
    pub rows: Vec<PriceRow>,
    /// How many quotes had no price in the book.
    pub n_added: u64,
    /// How many closed a price of the book.
    pub n_changed: u64,
    /// How many said what the book says.
    pub n_same: u64,
    /// Quotes that contradict the book about days that both know.
    pub unread: Vec<Unread>,
}

/// Two quotes that disagree about a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{first} and {second} disagree: {first_price} and {second_price} for {of}")]
pub struct Disagreement {
    first: Box<str>,
    second: Box<str>,
    first_price: String,
    second_price: String,
    of: String,
}

/// Brings the rows of a book up to date.
///
/// A price that the book lacks is open on both sides, as most of the book's are: a file says since when
/// it quotes a price, not since when the price is so.
///
/// # Errors
/// If two quotes disagree about a day.
pub fn update(
    book: &[PriceRow],
    regions: &Regions,
    mut quotes: Vec<Quote>,
) -> Result<Update, Box<Disagreement>> {
    let mut update =
        Update { rows: Vec::new(), n_added: 0, n_changed: 0, n_same: 0, unread: Vec::new() };
    quotes.sort_by(|a, b| {
        a.row.key().cmp(&b.row.key()).then(a.row.source_date.cmp(&b.row.source_date))
    });
    let mut by_key = BTreeMap::<RowKey<'_>, Vec<PriceRow>>::new();
    for row in book {
        by_key.entry(row.key()).or_default().push(row.clone());
    }
    for quotes in quotes.chunk_by(|a, b| a.row.key() == b.row.key()) {
        let quotes = of_one_endpoint(quotes, &mut update.unread);
        agree(&quotes)?;
        for quote in quotes {
            let key = quote.row.key();
            if !by_key.contains_key(&key)
                && let Some(flat) = flat_rows(&by_key, &key, regions)
                && flat.iter().any(|row| is_other(row, quote))
            {
                // A Region's own rows shut out those of all Regions, so that it needs the old price too.
                let copy = |row: &PriceRow| PriceRow {
                    source_region: quote.row.source_region.clone(),
                    ..row.clone()
                };
                by_key.insert(key, flat.iter().map(copy).collect());
            }
            let flat = flat_rows(&by_key, &key, regions);
            if !by_key.contains_key(&key)
                && flat.is_some_and(|flat| flat.iter().any(|row| row.is_valid_on(seen(quote))))
            {
                update.n_same += 1;
                continue;
            }
            put(by_key.entry(key).or_default(), quote, &mut update);
        }
    }
    update.rows = by_key.into_values().flatten().collect();
    Ok(update)
}

/// The day on which a quote was certainly valid.
fn seen(quote: &Quote) -> Date {
    quote.row.source_date.unwrap_or(Date::MAX)
}

fn is_other(row: &PriceRow, quote: &Quote) -> bool {
    row.is_valid_on(seen(quote)) && row.price != quote.row.price
}

/// The rows of all commercial Regions that price a Region without rows of its own.
fn flat_rows<'m, 'k>(
    by_key: &'m BTreeMap<RowKey<'k>, Vec<PriceRow>>,
    key: &RowKey<'k>,
    regions: &Regions,
) -> Option<&'m [PriceRow]> {
    let has_flat = key.source_region != ALL_COMMERCIAL && is_commercial(regions, key.source_region);
    let flat = RowKey { source_region: ALL_COMMERCIAL, ..*key };
    has_flat.then(|| by_key.get(&flat).map(Vec::as_slice)).flatten()
}

/// A price of the mantle endpoint counts only where there is no other.
fn of_one_endpoint<'q>(quotes: &'q [Quote], unread: &mut Vec<Unread>) -> Vec<&'q Quote> {
    let (mantle, others) = quotes.iter().partition::<Vec<_>, _>(|quote| quote.is_mantle);
    let Some(other) = others.first() else { return mantle };
    for quote in mantle.iter().filter(|quote| quote.row.price != other.row.price) {
        let why = format!(
            "{} on the mantle endpoint, {} elsewhere ({}), which is taken",
            quote.row.price, other.row.price, other.at
        );
        unread.push(Unread { at: quote.at.to_string(), why });
    }
    others
}

/// Whether no two quotes of a key disagree about a day: each is certain from the day since which it is
/// valid to that on which it was seen.
fn agree(quotes: &[&Quote]) -> Result<(), Box<Disagreement>> {
    for (at, second) in quotes.iter().enumerate() {
        let clash = quotes[..at].iter().find(|first| {
            first.row.price != second.row.price
                && first.row.valid_from <= second.row.source_date
                && second.row.valid_from <= first.row.source_date
        });
        if let Some(first) = clash {
            let PriceRow { model_id, routing, source_region, tier, kind, .. } = &second.row;
            let names = [routing.as_str(), source_region, tier.as_str(), kind.as_str()].join(" ");
            return Err(Box::new(Disagreement {
                first: first.at.clone(),
                second: second.at.clone(),
                first_price: first.row.price.to_string(),
                second_price: second.row.price.to_string(),
                of: format!("{model_id} {names}"),
            }));
        }
    }
    Ok(())
}

/// Puts a quote among the rows of its key.
fn put(rows: &mut Vec<PriceRow>, quote: &Quote, update: &mut Update) {
    let seen = seen(quote);
    if rows.is_empty() {
        update.n_added += 1;
        rows.push(PriceRow { valid_from: None, ..quote.row.clone() });
        return;
    }
    let from = quote.row.valid_from;
    let Some(at) = rows.iter().position(|row| row.is_valid_on(seen)) else {
        if rows.iter().all(|row| row.valid_until.is_some() && row.valid_until <= from) {
            rows.push(quote.row.clone());
            update.n_changed += 1;
        } else {
            let why = format!("{}, but the book has other days only", quote.row.price);
            update.unread.push(Unread { at: quote.at.to_string(), why });
        }
        return;
    };
    let row = &mut rows[at];
    if row.price == quote.row.price {
        update.n_same += 1;
    } else if row.valid_from < from {
        let until = std::mem::replace(&mut row.valid_until, from);
        rows.insert(at + 1, PriceRow { valid_until: until, ..quote.row.clone() });
        update.n_changed += 1;
    } else {
        let [since, book] = [from, row.valid_from].map(Option::unwrap_or_default);
        let why = format!(
            "{} since {since}, but the book has {} since {book}",
            quote.row.price, row.price
        );
        update.unread.push(Unread { at: quote.at.to_string(), why });
    }
}
