//! The columns of both exports, read as one kind of line.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, TimeUnit, TimestampMillisecondType};
use bedrock::billing::{Amount, BillLine, LineType};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{BillError, Export};

/// The names of the columns that are read, with whether a file must have them.
pub(super) fn names(export: Export, with_principals: bool) -> Vec<(&'static str, bool)> {
    let mut names = match export {
        Export::Cur2 => vec![
            ("identity_line_item_id", false),
            ("bill_payer_account_id", false),
            ("bill_invoice_id", false),
            ("line_item_usage_account_id", true),
            ("line_item_usage_start_date", true),
            ("line_item_usage_end_date", false),
            ("line_item_line_item_type", true),
            ("line_item_product_code", true),
            ("line_item_usage_type", true),
            ("line_item_usage_amount", true),
            ("line_item_currency_code", false),
            ("line_item_unblended_cost", true),
            ("line_item_net_unblended_cost", false),
            ("pricing_unit", true),
            ("pricing_public_on_demand_cost", false),
            ("product", false),
            ("product_product_name", false),
        ],
        Export::Focus12 => vec![
            ("BillingAccountId", false),
            ("InvoiceId", false),
            ("SubAccountId", true),
            ("ChargePeriodStart", true),
            ("ChargePeriodEnd", false),
            ("ChargeCategory", true),
            ("ChargeClass", false),
            ("x_ServiceCode", true),
            ("x_UsageType", true),
            ("ServiceName", true),
            ("BillingCurrency", false),
            ("PricingQuantity", true),
            ("PricingUnit", true),
            ("ListCost", true),
            ("ContractedCost", true),
        ],
    };
    if with_principals && export == Export::Cur2 {
        names.push(("line_item_iam_principal", true));
    }
    names
}

/// The columns of a batch.
pub(super) struct Columns {
    export: Export,
    id: Option<StringArray>,
    payer: Option<StringArray>,
    invoice: Option<StringArray>,
    account: Option<StringArray>,
    start: Times,
    end: Option<Times>,
    line_type: Option<StringArray>,
    class: Option<StringArray>,
    product_code: Option<StringArray>,
    usage_type: Option<StringArray>,
    product_name: ProductName,
    currency: Option<StringArray>,
    quantity: Numbers,
    unit: Option<StringArray>,
    list_cost: Option<Numbers>,
    net_cost: Numbers,
    gross_cost: Option<Numbers>,
    principal: Option<StringArray>,
}

/// Where the name of a product is.
enum ProductName {
    Column(Option<StringArray>),
    /// The map `product` of a CUR.
    Map {
        offsets: Vec<i32>,
        keys: StringArray,
        values: StringArray,
    },
}

/// A column of times, in milliseconds or as text.
struct Times(&'static str, ArrayRef);

/// A column of numbers: doubles by their shortest decimal form, decimals as they are.
enum Numbers {
    Doubles(&'static str, Float64Array),
    Texts(&'static str, StringArray),
}

impl Columns {
    pub(super) fn of(batch: &RecordBatch, export: Export) -> Result<Self, BillError> {
        let text = |name: &str| texts(batch, name);
        let numbers = |name: &'static str| Numbers::of(batch, name);
        let of = |cur: &'static str, focus: &'static str| match export {
            Export::Cur2 => cur,
            Export::Focus12 => focus,
        };
        let start = of("line_item_usage_start_date", "ChargePeriodStart");
        let end = of("line_item_usage_end_date", "ChargePeriodEnd");
        let quantity = of("line_item_usage_amount", "PricingQuantity");
        let cost = of("line_item_unblended_cost", "ContractedCost");
        let gross_cost = numbers(cost)?.ok_or(BillError::NoColumn(cost))?;
        let net = match export {
            Export::Cur2 => numbers("line_item_net_unblended_cost")?,
            Export::Focus12 => None,
        };
        let (net_cost, gross_cost) = match net {
            Some(net) => (net, Some(gross_cost)),
            None => (gross_cost, None),
        };
        let product_name = match batch.column_by_name("product").and_then(map_of) {
            Some(map) if export == Export::Cur2 => map,
            _ => ProductName::Column(text(of("product_product_name", "ServiceName"))?),
        };
        Ok(Columns {
            export,
            id: text(of("identity_line_item_id", ""))?,
            payer: text(of("bill_payer_account_id", "BillingAccountId"))?,
            invoice: text(of("bill_invoice_id", "InvoiceId"))?,
            account: text(of("line_item_usage_account_id", "SubAccountId"))?,
            start: Times::of(batch, start)?.ok_or(BillError::NoColumn(start))?,
            end: Times::of(batch, end)?,
            line_type: text(of("line_item_line_item_type", "ChargeCategory"))?,
            class: text("ChargeClass")?,
            product_code: text(of("line_item_product_code", "x_ServiceCode"))?,
            usage_type: text(of("line_item_usage_type", "x_UsageType"))?,
            product_name,
            currency: text(of("line_item_currency_code", "BillingCurrency"))?,
            quantity: numbers(quantity)?.ok_or(BillError::NoColumn(quantity))?,
            unit: text(of("pricing_unit", "PricingUnit"))?,
            list_cost: numbers(of("pricing_public_on_demand_cost", "ListCost"))?,
            net_cost,
            gross_cost,
            principal: text("line_item_iam_principal")?,
        })
    }

    /// A line; of one of another service, only what tells that. `None` if such a one has no day.
    pub(super) fn line(&self, row: usize, at: u64) -> Result<Option<BillLine>, BillError> {
        let text = |column: &Option<StringArray>| value(column.as_ref(), row).map(str::to_owned);
        let or_empty = |column: &Option<StringArray>| text(column).unwrap_or_default();
        let mut line = BillLine {
            id: None,
            payer_account_id: None,
            account_id: None,
            day: Date::MIN,
            line_type: self.line_type(row),
            product_code: or_empty(&self.product_code),
            product_name: self.product_name.value(row),
            usage_type: or_empty(&self.usage_type),
            quantity: None,
            unit: String::new(),
            list_cost: None,
            net_cost: None,
            gross_cost: None,
            principal: None,
            is_invoiced: None,
        };
        if !line.is_of_bedrock() {
            // What is wrong with the lines of others is no matter of ours.
            let Ok(day) = self.start.day(row, at) else { return Ok(None) };
            return Ok(Some(BillLine { day, ..line }));
        }
        line.day = self.start.day(row, at)?;
        self.check_currency(row, at)?;
        if line.line_type == LineType::Usage && line.usage_type.contains("oken") {
            self.check_granularity(row, at)?;
        }
        let number = |numbers: &Numbers| numbers.value(row, at);
        let optional = |numbers: &Option<Numbers>| numbers.as_ref().map(number).transpose();
        line.payer_account_id = text(&self.payer);
        // An ID is of the lines of one payer and one time.
        line.id = text(&self.id).map(|id| {
            let payer = line.payer_account_id.as_deref().unwrap_or_default();
            format!("{id} {payer} {}", self.start.text(row))
        });
        line.account_id = text(&self.account);
        line.quantity = number(&self.quantity)?;
        line.unit = or_empty(&self.unit);
        line.gross_cost = optional(&self.gross_cost)?.flatten();
        line.net_cost = number(&self.net_cost)?.or(line.gross_cost);
        // Marketplace lines of a CUR have a list cost of 0, which is none.
        let costs = [line.net_cost, line.gross_cost];
        let is_free = costs.iter().flatten().all(|cost| *cost == Amount::ZERO);
        let is_none = |cost: &Amount| *cost == Amount::ZERO && !is_free;
        line.list_cost = optional(&self.list_cost)?.flatten().filter(|cost| !is_none(cost));
        line.principal = text(&self.principal);
        let invoice = self.invoice.as_ref();
        line.is_invoiced = invoice.map(|column| value(Some(column), row).is_some());
        Ok(Some(line))
    }

    fn check_currency(&self, row: usize, at: u64) -> Result<(), BillError> {
        let Some(currency) = value(self.currency.as_ref(), row).filter(|it| *it != "USD") else {
            return Ok(());
        };
        let column = match self.export {
            Export::Cur2 => "line_item_currency_code",
            Export::Focus12 => "BillingCurrency",
        };
        Err(BillError::Value { row: at, column, expected: "USD", found: currency.to_owned() })
    }

    /// Usage of a whole month is of no day.
    fn check_granularity(&self, row: usize, at: u64) -> Result<(), BillError> {
        let Some(end) = &self.end else { return Ok(()) };
        let (first, last) = (self.start.day(row, at)?, end.day(row, at)?);
        let days = first.until(last).map_or(0, |span| span.get_days());
        if days <= 1 {
            return Ok(());
        }
        Err(BillError::Value {
            row: at,
            column: end.0,
            expected: "an hour or a day of usage: let the export be hourly or daily",
            found: format!("{days} days"),
        })
    }

    fn line_type(&self, row: usize) -> LineType {
        let line_type = value(self.line_type.as_ref(), row).unwrap_or_default();
        let class = value(self.class.as_ref(), row);
        match (line_type, class) {
            // FOCUS has no type of its own for refunds.
            ("Usage", Some("Correction")) => LineType::Other("Correction".to_owned()),
            ("Usage" | "DiscountedUsage" | "SavingsPlanCoveredUsage", _) => LineType::Usage,
            (other, _) => LineType::Other(other.to_owned()),
        }
    }
}

impl Times {
    fn of(batch: &RecordBatch, name: &'static str) -> Result<Option<Self>, BillError> {
        let Some(column) = batch.column_by_name(name) else { return Ok(None) };
        let cast = match column.data_type() {
            DataType::Timestamp(_, _) => {
                cast(column, &DataType::Timestamp(TimeUnit::Millisecond, None))
            }
            _ => cast(column, &DataType::Utf8),
        };
        cast.map(|cast| Some(Times(name, cast))).map_err(|error| BillError::Rows(error.to_string()))
    }

    /// What tells it from other times.
    fn text(&self, row: usize) -> String {
        match self.1.as_primitive_opt::<TimestampMillisecondType>() {
            Some(times) => times.value(row).to_string(),
            None => self.1.as_string::<i32>().value(row).to_owned(),
        }
    }

    /// The day, UTC.
    fn day(&self, row: usize, at: u64) -> Result<Date, BillError> {
        let Times(column, times) = self;
        let invalid =
            |found: String| BillError::Value { row: at, column, expected: "a time", found };
        if times.is_null(row) {
            return Err(invalid("none".to_owned()));
        }
        if let Some(times) = times.as_primitive_opt::<TimestampMillisecondType>() {
            let millis = times.value(row);
            let time =
                Timestamp::from_millisecond(millis).map_err(|_| invalid(millis.to_string()))?;
            return Ok(time.to_zoned(TimeZone::UTC).date());
        }
        let text = times.as_string::<i32>().value(row);
        let day = text.get(..10).and_then(|day| day.parse().ok());
        day.ok_or_else(|| invalid(format!("`{text}`")))
    }
}

impl ProductName {
    fn value(&self, row: usize) -> String {
        match self {
            ProductName::Column(column) => {
                value(column.as_ref(), row).unwrap_or_default().to_owned()
            }
            ProductName::Map { offsets, keys, values } => {
                let place = |row: usize| usize::try_from(offsets[row]).unwrap_or_default();
                let entries = place(row)..place(row + 1);
                let found = entries.into_iter().find(|entry| keys.value(*entry) == "product_name");
                found.map(|entry| values.value(entry).to_owned()).unwrap_or_default()
            }
        }
    }
}

/// A map of texts.
fn map_of(column: &ArrayRef) -> Option<ProductName> {
    let map = column.as_map_opt()?;
    let entries: &StructArray = map.entries();
    let text = |place: usize| {
        let found = cast(entries.column(place), &DataType::Utf8).ok()?;
        Some(found.as_string::<i32>().clone())
    };
    let offsets = map.value_offsets().to_vec();
    Some(ProductName::Map { offsets, keys: text(0)?, values: text(1)? })
}

/// A column as texts; `None` if the file lacks it.
fn texts(batch: &RecordBatch, name: &str) -> Result<Option<StringArray>, BillError> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let found = cast(column, &DataType::Utf8);
    let found = found.map_err(|error| BillError::Rows(format!("{name}: {error}")))?;
    Ok(Some(found.as_string::<i32>().clone()))
}

/// A text that is there and not empty.
fn value(column: Option<&StringArray>, row: usize) -> Option<&str> {
    let column = column.filter(|column| column.is_valid(row))?;
    Some(column.value(row)).filter(|text| !text.is_empty())
}

impl Numbers {
    fn of(batch: &RecordBatch, name: &'static str) -> Result<Option<Self>, BillError> {
        let Some(column) = batch.column_by_name(name) else { return Ok(None) };
        if let Some(floats) = column.as_primitive_opt::<Float32Type>() {
            // As a double, it would have digits that nobody wrote.
            let texts = floats.iter().map(|float| float.map(|float| float.to_string()));
            return Ok(Some(Numbers::Texts(name, texts.collect())));
        }
        if let DataType::Float64 = column.data_type() {
            let found = cast(column, &DataType::Float64);
            let found = found.map_err(|error| BillError::Rows(format!("{name}: {error}")))?;
            let doubles = found.as_primitive::<arrow::datatypes::Float64Type>().clone();
            return Ok(Some(Numbers::Doubles(name, doubles)));
        }
        Ok(texts(batch, name)?.map(|texts| Numbers::Texts(name, texts)))
    }

    fn value(&self, row: usize, at: u64) -> Result<Option<Amount>, BillError> {
        let (name, amount) = match self {
            Numbers::Doubles(_, numbers) if numbers.is_null(row) => return Ok(None),
            Numbers::Doubles(name, numbers) => (name, Amount::of_double(numbers.value(row))),
            Numbers::Texts(name, texts) => match value(Some(texts), row) {
                None => return Ok(None),
                Some(text) => (name, text.parse()),
            },
        };
        let invalid = |error: bedrock::billing::AmountError| {
            let found = error.0;
            BillError::Value { row: at, column: name, expected: "an amount below 10^15", found }
        };
        amount.map(Some).map_err(invalid)
    }
}
