//! What the lines of a bill come to: tokens by what they are told apart by, and all else by its kind.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::amount::Amount;
use super::line::{BillLine, LineType};
use super::names::BillingNames;
use super::reconcile::{Billed, Key, ListBasis, UsageKey};
use super::usage_type::{Charge, read};
use crate::region::Regions;

/// What a bill says of a range of days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// Tokens: those of the same key, kind, and length of context are summed up.
    pub usage: BTreeMap<UsageKey, Billed>,
    /// Usage of Bedrock that is not billed per token, by its unit.
    pub other_units: BTreeMap<String, Sum>,
    /// Usage of Bedrock that is not understood.
    pub unknown: BTreeMap<UnknownLine, Sum>,
    /// Credits, taxes, refunds, and the like of Bedrock, as the bill calls them.
    pub other_charges: BTreeMap<String, Sum>,
    /// The accounts that pay.
    pub payers: BTreeSet<String>,
    /// The first day and the last of which there is any line, of whatever service.
    pub days: Option<(Date, Date)>,
    /// The months with lines of days of the range, `2026-10`.
    pub months: BTreeMap<String, Month>,
}

/// What the lines of a month say of its invoice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Month {
    /// Lines of Bedrock's usage with an invoice, of any day of the month.
    pub invoiced: u64,
    /// Those without one.
    pub open: u64,
    /// The last day of which there is any.
    pub until: Option<Date>,
}

/// Lines, and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many lines.
    pub lines: u64,
    /// Their net cost in US dollars.
    pub net_cost: Amount,
}

/// What is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownLine {
    /// The usage type.
    pub usage_type: String,
    /// What of it.
    pub what: String,
}

/// Why a line of usage has no tokens to compare.
enum NotTokens {
    /// It is not billed per token: the unit.
    OtherUnit(String),
    /// It is not understood, for this reason.
    Unknown(String),
}

impl Month {
    /// Whether the month is closed: each of its lines has an invoice. `None` if the bill does not say.
    pub fn is_closed(self) -> Option<bool> {
        (self.invoiced + self.open > 0).then_some(self.open == 0)
    }
}

impl Bill {
    /// Takes note that there is a line of a day, of whatever service.
    pub fn see(&mut self, day: Date, (from, to): (Date, Date)) {
        self.days = Some(match self.days {
            Some((first, last)) => (first.min(day), last.max(day)),
            None => (day, day),
        });
        if (from..=to).contains(&day) {
            self.months.entry(month_of(day)).or_default();
        }
    }

    /// Whether the bill may lack usage of a day: of those after its last line; in a month without invoice, of the
    /// last day with usage of Bedrock, and those after it.
    pub fn may_lack(&self, day: Date) -> bool {
        let Some((_, until)) = self.days else { return true };
        let month = self.months.get(&month_of(day));
        let open = month.filter(|month| month.is_closed() == Some(false));
        day > until || open.is_some_and(|month| month.until.is_none_or(|last| day >= last))
    }

    /// Takes note of the invoice of a line whose month is of the range, whether or not its day is.
    fn note_invoice(&mut self, line: &BillLine, (from, to): (Date, Date)) {
        if line.day < from.first_of_month() || line.day > to.last_of_month() {
            return;
        }
        let month = self.months.entry(month_of(line.day)).or_default();
        month.until = month.until.max(Some(line.day));
        match line.is_invoiced {
            Some(true) => month.invoiced += 1,
            Some(false) => month.open += 1,
            None => {}
        }
    }

    /// Takes a line of Bedrock, if it is of these days.
    pub fn add(
        &mut self,
        line: &BillLine,
        (from, to): (Date, Date),
        regions: &Regions,
        names: &BillingNames<'_>,
    ) {
        if !line.is_of_bedrock() {
            return;
        }
        if line.line_type == LineType::Usage {
            self.note_invoice(line, (from, to));
        }
        if line.day < from || line.day > to {
            return;
        }
        self.payers.extend(line.payer_account_id.clone());
        if let LineType::Other(name) = &line.line_type {
            self.other_charges.entry(name.clone()).or_default().add(line);
            return;
        }
        match usage(line, regions, names) {
            Ok((of, billed)) => {
                let known = self.usage.entry(of).or_default();
                *known = known.and(billed);
            }
            Err(NotTokens::OtherUnit(unit)) => self.other_units.entry(unit).or_default().add(line),
            Err(NotTokens::Unknown(what)) => {
                let usage_type = crate::call::cut(&line.usage_type).to_owned();
                self.unknown.entry(UnknownLine { usage_type, what }).or_default().add(line);
            }
        }
    }
}

fn month_of(day: Date) -> String {
    day.strftime("%Y-%m").to_string()
}

/// The tokens of a line, or what it is instead.
fn usage(
    line: &BillLine,
    regions: &Regions,
    names: &BillingNames<'_>,
) -> Result<(UsageKey, Billed), NotTokens> {
    let metered = match read(&line.usage_type, &line.product_name, regions, names) {
        Charge::Tokens(metered) => metered,
        Charge::OtherUnit(unit) => return Err(NotTokens::OtherUnit(unit)),
        Charge::Unknown(what) => return Err(NotTokens::Unknown(what)),
    };
    let n_tokens = tokens(&line.unit, line.is_of_marketplace());
    let n_tokens = n_tokens.ok_or_else(|| match line.unit.as_str() {
        "" => NotTokens::Unknown("it has no unit".to_owned()),
        unit => NotTokens::Unknown(format!("the unit `{unit}`")),
    })?;
    let missing = |what: &str| NotTokens::Unknown(format!("it has no {what}"));
    let quantity = line.quantity.ok_or_else(|| missing("amount of usage"))?;
    let net_cost = line.net_cost.ok_or_else(|| missing("cost"))?;
    let tokens = quantity.times(n_tokens).map_err(|it| NotTokens::Unknown(it.to_string()))?;
    let account_id = line.account_id.clone().ok_or_else(|| missing("account"))?;
    let key = Key {
        day: line.day,
        account_id,
        region: metered.region,
        model_id: metered.model_id,
        routing: metered.routing,
        tier: metered.tier,
        principal: line.principal.as_deref().map(principal_name),
    };
    let (list_cost, basis) = match (line.list_cost, line.gross_cost) {
        (Some(cost), _) => (cost, ListBasis::List),
        (None, Some(cost)) => (cost, ListBasis::Gross),
        (None, None) => (net_cost, ListBasis::Net),
    };
    let billed = Billed { tokens, list_cost, basis, net_cost, n_lines: 1 };
    Ok((UsageKey { key, kind: metered.kind, is_long: metered.is_long }, billed))
}

impl Sum {
    fn add(&mut self, line: &BillLine) {
        self.lines += 1;
        self.net_cost += line.net_cost.unwrap_or_default();
    }
}

/// How many tokens a unit is; Marketplace usage has `Units`, of a million tokens. AWS has changed units before:
/// one that is not known is not guessed.
fn tokens(unit: &str, is_of_marketplace: bool) -> Option<i64> {
    match unit.to_ascii_lowercase().as_str() {
        "tokens" | "token" => Some(1),
        "1k tokens" | "1000 tokens" => Some(1_000),
        "1m tokens" | "1000000 tokens" => Some(1_000_000),
        "units" if is_of_marketplace => Some(1_000_000),
        _ => None,
    }
}

/// The name of a user, or of the role of a session, as the tables have it; the ARN itself, if it is of neither.
fn principal_name(arn: &str) -> String {
    let resource = arn.rsplit(':').next().unwrap_or(arn);
    let parts = resource.split('/').collect::<Vec<_>>();
    match parts.as_slice() {
        ["assumed-role", role, ..] => (*role).to_owned(),
        ["user" | "role", .., name] | ["federated-user", name] => (*name).to_owned(),
        ["root"] => "root".to_owned(),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn units_that_are_not_known_are_not_guessed() {
        for (unit, expected) in [
            ("1K tokens", Some(1_000)),
            ("1M tokens", Some(1_000_000)),
            ("Tokens", Some(1)),
            ("Units", Some(1_000_000)),
            ("GB", None),
            ("", None),
            ("10K tokens", None),
        ] {
            assert_eq!(tokens(unit, true), expected, "{unit}");
        }
        assert_eq!(tokens("Units", false), None);
    }

    #[test]
    fn principals_are_named_as_in_the_tables() {
        for (arn, expected) in [
            ("arn:aws:sts::111122223333:assumed-role/App/session", "App"),
            ("arn:aws:iam::111122223333:user/team/Ada", "Ada"),
            ("arn:aws:iam::111122223333:root", "root"),
            ("arn:aws:sts::111122223333:federated-user/Bob", "Bob"),
            ("somebody", "somebody"),
        ] {
            assert_eq!(principal_name(arn), expected);
        }
    }

    #[test]
    fn lines_are_sorted_by_what_they_are() {
        let (catalog, regions) = (Catalog::embedded(), Regions::embedded());
        let names = BillingNames::read(super::super::EMBEDDED_NAMES, &catalog).unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let line = BillLine {
            id: None,
            payer_account_id: Some("999988887777".to_owned()),
            account_id: Some("111122223333".to_owned()),
            day: day("2026-10-05"),
            line_type: LineType::Usage,
            product_code: "AmazonBedrock".to_owned(),
            product_name: String::new(),
            usage_type: "USE1-NovaPro-input-tokens".to_owned(),
            quantity: Some("433.893".parse().unwrap()),
            unit: "1K tokens".to_owned(),
            list_cost: Some("0.3471144".parse().unwrap()),
            gross_cost: None,
            net_cost: Some("0.3".parse().unwrap()),
            principal: None,
            is_invoiced: Some(true),
        };
        let mut bill = Bill::default();
        let of = |change: fn(&mut BillLine)| {
            let mut line = line.clone();
            change(&mut line);
            line
        };
        let lines = [
            line.clone(),
            of(|line| line.unit = "GB".to_owned()),
            of(|line| line.usage_type = "USE1-NovaCanvas-images".to_owned()),
            of(|line| line.line_type = LineType::Other("Tax".to_owned())),
            of(|line| line.product_code = "AmazonS3".to_owned()),
            of(|line| line.account_id = None),
            of(|line| line.quantity = None),
            of(|line| line.net_cost = None),
            of(|line| line.unit.clear()),
            of(|line| {
                line.product_code = "4qz1abcde".to_owned();
                line.usage_type = "USE1-MP:USE1_InputTokenCount-Units".to_owned();
            }),
            of(|line| line.day = line.day.tomorrow().unwrap()),
        ];
        let range = (day("2026-10-01"), day("2026-10-05"));
        for line in &lines {
            bill.see(line.day, range);
            bill.add(line, range, &regions, &names);
        }
        assert_eq!(bill.usage.len(), 1);
        assert_eq!(bill.usage.values().next().unwrap().tokens, Amount::whole(433_893));
        assert_eq!(bill.other_units.keys().collect::<Vec<_>>(), ["images"]);
        assert_eq!(bill.other_charges.keys().collect::<Vec<_>>(), ["Tax"]);
        let unknown = bill.unknown.keys().map(|it| it.what.as_str()).collect::<Vec<_>>();
        let expected = [
            "a model: the product has no name",
            "it has no account",
            "it has no amount of usage",
            "it has no cost",
            "it has no unit",
            "the unit `GB`",
        ];
        let mut unknown = unknown;
        unknown.sort_unstable();
        assert_eq!(unknown, expected);
        assert_eq!(bill.days, Some((day("2026-10-05"), day("2026-10-06"))));
        let month = Month { invoiced: 9, open: 0, until: Some(day("2026-10-06")) };
        assert_eq!(bill.months, BTreeMap::from([("2026-10".to_owned(), month)]));
    }

    #[test]
    fn last_days_of_an_open_month_may_lack_usage() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let until = Some(day("2026-10-05"));
        for (invoiced, open, is_closed, may_lack) in [
            (2, 0, Some(true), [false, false, false, true]),
            // A line that was added later may have an invoice of its own.
            (1, 2, Some(false), [false, true, true, true]),
            (0, 2, Some(false), [false, true, true, true]),
            (0, 0, None, [false, false, false, true]),
        ] {
            let month = Month { invoiced, open, until };
            assert_eq!(month.is_closed(), is_closed);
            let months = BTreeMap::from([("2026-10".to_owned(), month)]);
            // The last line is of another service, a day later.
            let days = Some((day("2026-10-01"), day("2026-10-06")));
            let bill = Bill { days, months, ..Bill::default() };
            let found = ["2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07"];
            assert_eq!(found.map(|text| bill.may_lack(day(text))), may_lack, "{invoiced} {open}");
        }
        assert!(Bill::default().may_lack(day("2026-10-05")));
    }
}
