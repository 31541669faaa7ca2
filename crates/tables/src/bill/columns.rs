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
            ("bill_payer_account_id", false),
            ("bill_invoice_id", false),
            ("line_item_usage_account_id", true),
            ("line_item_usage_start_date", true),
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
    payer: Option<StringArray>,
    invoice: Option<StringArray>,
    account: Option<StringArray>,
    start: ArrayRef,
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
        let missing = || BillError::NoColumn(start);
        let start = batch.column_by_name(start).ok_or_else(missing)?;
        let start = match start.data_type() {
            DataType::Timestamp(_, _) => {
                cast(start, &DataType::Timestamp(TimeUnit::Millisecond, None))
            }
            _ => cast(start, &DataType::Utf8),
        };
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
            payer: text(of("bill_payer_account_id", "BillingAccountId"))?,
            invoice: text(of("bill_invoice_id", "InvoiceId"))?,
            account: text(of("line_item_usage_account_id", "SubAccountId"))?,
            start: start.map_err(|error| BillError::Rows(error.to_string()))?,
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

    pub(super) fn line(&self, row: usize, at: u64) -> Result<BillLine, BillError> {
        let text = |column: &Option<StringArray>| value(column.as_ref(), row).map(str::to_owned);
        let or_empty = |column: &Option<StringArray>| text(column).unwrap_or_default();
        if let Some(currency) = value(self.currency.as_ref(), row).filter(|it| *it != "USD") {
            let column = match self.export {
                Export::Cur2 => "line_item_currency_code",
                Export::Focus12 => "BillingCurrency",
            };
            let found = currency.to_owned();
            return Err(BillError::Value { row: at, column, expected: "USD", found });
        }
        let number = |numbers: &Numbers| numbers.value(row, at);
        let list_cost = self.list_cost.as_ref().map(number).transpose()?.flatten();
        // Marketplace lines of a CUR have a list cost of 0, which is none.
        let net_cost = number(&self.net_cost)?;
        let gross_cost = self.gross_cost.as_ref().map(number).transpose()?.flatten();
        let net_cost = net_cost.or(gross_cost);
        let is_none = |cost: &Amount| *cost == Amount::ZERO && net_cost != Some(Amount::ZERO);
        // What is not discounted yet stands in for it.
        let list_cost = list_cost.filter(|cost| !is_none(cost)).or(gross_cost).or(net_cost);
        Ok(BillLine {
            payer_account_id: text(&self.payer),
            account_id: text(&self.account),
            day: self.day(row, at)?,
            line_type: self.line_type(row),
            product_code: or_empty(&self.product_code),
            product_name: self.product_name.value(row),
            usage_type: or_empty(&self.usage_type),
            quantity: number(&self.quantity)?,
            unit: or_empty(&self.unit),
            list_cost,
            net_cost,
            principal: text(&self.principal),
            is_invoiced: value(self.invoice.as_ref(), row).is_some(),
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

    fn day(&self, row: usize, at: u64) -> Result<Date, BillError> {
        let column = match self.export {
            Export::Cur2 => "line_item_usage_start_date",
            Export::Focus12 => "ChargePeriodStart",
        };
        let invalid =
            |found: String| BillError::Value { row: at, column, expected: "a time", found };
        if self.start.is_null(row) {
            return Err(invalid("none".to_owned()));
        }
        if let Some(times) = self.start.as_primitive_opt::<TimestampMillisecondType>() {
            let millis = times.value(row);
            let time =
                Timestamp::from_millisecond(millis).map_err(|_| invalid(millis.to_string()))?;
            return Ok(time.to_zoned(TimeZone::UTC).date());
        }
        let text = self.start.as_string::<i32>().value(row);
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
            BillError::Value { row: at, column: name, expected: "an amount below 10^20", found }
        };
        amount.map(Some).map_err(invalid)
    }
}
