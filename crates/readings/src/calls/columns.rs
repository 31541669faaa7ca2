//! The columns of calls. What the table `invocations` has too is called as there, and means the same.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, TimeUnit};
use bedrock::call::UUID_BYTES;
use bedrock::region::Residency;
use bedrock::{Attribute, Call, CallId, CallSource, ErrorReason, Meaning, Part, Texts};

/// A call with what it means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) dt: &'a str,
    pub(super) key: &'a str,
    pub(super) call: &'a Call,
    pub(super) place: u32,
    pub(super) meaning: &'a Meaning,
    pub(super) texts: &'a Texts,
}

/// What a column has of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Text(TextOf),
    Flag(FlagOf),
    Count(fn(Shown<'_>) -> Option<i64>),
    Time(fn(&Call) -> i64),
}

/// A text of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextOf {
    Call(for<'a> fn(Shown<'a>) -> Option<&'a str>),
    Attribute(Attribute),
    Part(Part),
    Id(for<'a> fn(&'a Call) -> Option<&'a CallId>),
}

/// What is so or not of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum FlagOf {
    Meaning(fn(&Meaning) -> Option<bool>),
    /// An attribute that is `true` or `false`.
    Attribute(Attribute),
    Part(Part),
}

const fn text(of: for<'a> fn(Shown<'a>) -> Option<&'a str>) -> Value {
    Value::Text(TextOf::Call(of))
}

const fn attribute(attribute: Attribute) -> Value {
    Value::Text(TextOf::Attribute(attribute))
}

const fn part(part: Part) -> Value {
    Value::Text(TextOf::Part(part))
}

const fn id(of: for<'a> fn(&'a Call) -> Option<&'a CallId>) -> Value {
    Value::Text(TextOf::Id(of))
}

const fn flag(of: fn(&Meaning) -> Option<bool>) -> Value {
    Value::Flag(FlagOf::Meaning(of))
}

/// All columns, in their order.
pub(super) const COLUMNS: &[(&str, Value)] = &[
    ("dt", text(|c| Some(c.dt))),
    // The object that it was read from, and its place among the calls there, from 0.
    ("key", text(|c| Some(c.key))),
    ("index", Value::Count(|c| Some(i64::from(c.place)))),
    ("event_time", Value::Time(|call| call.event_time_ms)),
    ("event_id", id(|call| (call.source() == CallSource::CloudTrail).then_some(&call.event_id))),
    // Of a record that is delivered again, amended: the event that it was.
    ("original_event_id", id(|call| call.original_event_id.as_deref())),
    ("request_id", id(|call| call.request_id.as_ref())),
    ("account_id", attribute(Attribute::AccountId)),
    ("source_region", attribute(Attribute::SourceRegion)),
    ("inference_region", text(|c| c.meaning.inference_region.as_deref())),
    ("inference_region_basis", text(|c| Some(c.meaning.basis.as_str()))),
    ("residency", text(|c| c.meaning.residency.map(Residency::as_str))),
    ("event_name", attribute(Attribute::EventName)),
    ("target_type", text(|c| Some(c.meaning.resolution.target_type.as_str()))),
    ("profile_scope", text(|c| c.meaning.resolution.profile_scope.as_deref())),
    ("profile_id", text(|c| c.meaning.resolution.profile_id.as_deref())),
    ("profile_name", text(|c| c.meaning.resolution.alias_name.as_deref())),
    ("model_id", text(|c| c.meaning.model().map(|model| model.id.as_str()))),
    ("model_name", text(|c| c.meaning.model().and_then(|model| model.name.as_deref()))),
    ("model_provider", text(|c| c.meaning.model().map(|model| model.provider.as_str()))),
    ("model_match", text(|c| Some(c.meaning.model().map_or("none", |it| it.matched.as_str())))),
    ("model_ref", attribute(Attribute::ModelRef)),
    ("principal_type", attribute(Attribute::PrincipalType)),
    ("principal_arn", attribute(Attribute::PrincipalArn)),
    ("principal_name", attribute(Attribute::PrincipalName)),
    ("session_name", attribute(Attribute::SessionName)),
    ("api_key", Value::Flag(FlagOf::Attribute(Attribute::ApiKey))),
    ("source_ip", attribute(Attribute::SourceIp)),
    ("user_agent", attribute(Attribute::UserAgent)),
    ("vpc_endpoint_id", attribute(Attribute::VpcEndpointId)),
    ("outcome", text(|c| Some(c.meaning.outcome.as_str()))),
    ("error_code", attribute(Attribute::ErrorCode)),
    ("error_reason", text(|c| c.meaning.error_reason.map(ErrorReason::as_str))),
    // As CloudTrail has them: without what model invocation logs say.
    ("logged_service_tier", attribute(Attribute::ServiceTier)),
    ("logged_input_tokens", Value::Count(|c| c.call.input_tokens)),
    ("logged_output_tokens", Value::Count(|c| c.call.output_tokens)),
    ("declared_destinations", Value::Count(declared_destinations)),
    ("is_declared", flag(|meaning| meaning.is_declared)),
    ("inference_region_opt_in", flag(|meaning| meaning.is_opt_in)),
    ("iam_principal_arn", part(Part::IamPrincipalArn)),
    ("principal_account_id", part(Part::PrincipalAccountId)),
    ("principal_id", part(Part::PrincipalId)),
    ("is_temporary_credential", Value::Flag(FlagOf::Part(Part::IsTemporaryCredential))),
    ("mfa_authenticated", Value::Flag(FlagOf::Part(Part::MfaAuthenticated))),
    ("invoked_by", part(Part::InvokedBy)),
    ("source_identity", part(Part::SourceIdentity)),
    ("federated_provider", part(Part::FederatedProvider)),
    ("vpc_endpoint_account_id", part(Part::VpcEndpointAccountId)),
    ("is_from_console", Value::Flag(FlagOf::Part(Part::IsFromConsole))),
    ("endpoint_host", part(Part::EndpointHost)),
    ("tls_version", part(Part::TlsVersion)),
];

fn declared_destinations(call: Shown<'_>) -> Option<i64> {
    i64::try_from(call.meaning.declared.as_ref()?.len()).ok()
}

impl Value {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Value::Text(_) => DataType::Utf8,
            Value::Flag(_) => DataType::Boolean,
            Value::Count(_) => DataType::Int64,
            // As Spark has times.
            Value::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

/// A column that is being made.
#[derive(Debug)]
pub(super) enum Column {
    Text(TextOf, StringBuilder),
    Flag(FlagOf, BooleanBuilder),
    Count(fn(Shown<'_>) -> Option<i64>, Int64Builder),
    Time(fn(&Call) -> i64, TimestampMicrosecondBuilder),
}

impl Column {
    pub(super) fn new(value: Value) -> Self {
        match value {
            Value::Text(of) => Column::Text(of, StringBuilder::new()),
            Value::Flag(of) => Column::Flag(of, BooleanBuilder::new()),
            Value::Count(of) => Column::Count(of, Int64Builder::new()),
            Value::Time(of) => {
                let builder = TimestampMicrosecondBuilder::new();
                Column::Time(of, builder.with_data_type(value.data_type()))
            }
        }
    }

    /// Appends the value of a call.
    pub(super) fn append(&mut self, shown: Shown<'_>) {
        let Shown { call, meaning, texts, .. } = shown;
        let attribute = |attribute| texts.get(&call.attributes, attribute);
        let part = |part| texts.part(&call.attributes, part);
        match self {
            Column::Text(TextOf::Call(of), builder) => builder.append_option(of(shown)),
            Column::Text(TextOf::Attribute(of), builder) => builder.append_option(attribute(*of)),
            Column::Text(TextOf::Part(of), builder) => builder.append_option(part(*of)),
            Column::Text(TextOf::Id(of), builder) => {
                let mut buffer = [0; UUID_BYTES];
                builder.append_option(of(call).map(|id| id.as_text(&mut buffer)));
            }
            Column::Flag(FlagOf::Meaning(of), builder) => builder.append_option(of(meaning)),
            Column::Flag(FlagOf::Attribute(of), builder) => {
                builder.append_option(attribute(*of).map(|text| text == "true"));
            }
            Column::Flag(FlagOf::Part(of), builder) => {
                builder.append_option(part(*of).map(|text| text == "true"));
            }
            Column::Count(of, builder) => builder.append_option(of(shown)),
            Column::Time(of, builder) => builder.append_value(of(call).saturating_mul(1000)),
        }
    }

    /// The values so far. The next one begins another array.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Column::Text(_, builder) => Arc::new(builder.finish()),
            Column::Flag(_, builder) => Arc::new(builder.finish()),
            Column::Count(_, builder) => Arc::new(builder.finish()),
            Column::Time(_, builder) => Arc::new(builder.finish()),
        }
    }
}
