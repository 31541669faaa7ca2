//! `show cost --as`: what the same tokens cost at another rate.

use bedrock::Knowledge;
use bedrock::cost::{OtherRate, Rates};
use pipeline::Answered;
use tables::query::{AtRate, Question, Subject};

use crate::args::{KnowledgeArgs, RateArgs, ShowArgs};
use crate::exit::Failure;
use crate::knowledge;
use crate::messages::Messages;

/// A rate, and what it is looked up in.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) rate: OtherRate,
    knowledge: Knowledge,
    question: Question,
    sort: Option<String>,
    top: Option<usize>,
}

/// An answer at another rate, apart from the answer itself.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rate: OtherRate,
    /// The version of the price book that the rate is from.
    pub(super) version: String,
    pub(super) at: AtRate,
}

/// What is known of prices and of the ways to call models.
///
/// # Errors
/// If a file cannot be read or is invalid.
pub(crate) fn load(args: RateArgs) -> Result<Knowledge, Failure> {
    let RateArgs { prices, price_overrides, unit_prices, catalog, catalog_add } = args;
    let args = KnowledgeArgs {
        prices,
        price_overrides,
        unit_prices,
        catalog,
        catalog_add,
        ..KnowledgeArgs::default()
    };
    knowledge::load(&args)
}

impl Asked {
    /// What `--as` asks for; `None` without it.
    ///
    /// # Errors
    /// If the subject has no cost, the question shall be SQL, or a file is invalid.
    pub(super) fn of(
        args: &ShowArgs,
        subject: &Subject,
        question: &Question,
    ) -> Result<Option<Self>, Failure> {
        let Some(rate) = args.other_rate else { return Ok(None) };
        if subject.name != "cost" {
            return Err(Failure::usage("--as: only `show cost` has a cost to compare"));
        }
        if args.sql.is_some() {
            return Err(Failure::usage(
                "--as cannot be put as SQL: the tables have what calls cost, and no other prices",
            ));
        }
        let (sort, top) = (args.sort.clone(), question.top);
        let knowledge = load(args.rates.clone())?;
        Ok(Some(Asked { rate, knowledge, question: question.clone(), sort, top }))
    }

    /// Puts the answer that was asked for in place of what it is worked out from.
    ///
    /// # Errors
    /// If `--sort` is no column of it.
    pub(super) fn answer(self, found: &mut Answered) -> Result<Found, Failure> {
        let mut rates = Rates::new(&self.knowledge, self.rate);
        let at =
            AtRate::of(&self.question, &found.answer, &mut rates, self.sort.as_deref(), self.top);
        let at = at.map_err(|columns| {
            let (sort, columns) = (self.sort.unwrap_or_default(), columns.join(", "));
            Failure::usage(format!(
                "--sort: an answer at another rate has no column `{sort}`; it has {columns}"
            ))
        })?;
        found.answer = at.answer.clone();
        Ok(Found { rate: self.rate, version: rates.version().to_owned(), at })
    }
}

/// That costs are from other prices than the rates.
pub(crate) fn other_prices(version: &str) -> String {
    format!(
        "days were built with another price book than {version}, which the other rates are from: calls whose cost it \
         does not give are left as they are (--prices and --price-overrides of the runs compare them)"
    )
}

impl Found {
    /// The end of the header.
    pub(super) fn header(&self) -> String {
        format!("{} of price book {}, without discounts", self.rate.label(), self.version)
    }

    /// Says if costs are from other prices than the rates.
    pub(super) fn warn(&self, messages: &Messages) {
        if self.at.has_other_prices {
            messages.warn(&other_prices(&self.version));
        }
    }
}
