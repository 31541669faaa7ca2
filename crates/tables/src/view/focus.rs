//! What calls cost, under the names of FOCUS 1.2, the specification of the `FinOps` Foundation.

use super::{DT, View, column, example};
use crate::column::Type::{Flag, Money, Ratio, Text, Time};

pub(super) const FOCUS_1_2: View = View {
    name: "focus_1_2",
    grain: "a row of model_costs × token kind",
    doc: "What calls cost, under the names of FOCUS 1.2. An estimate at list prices: nobody has billed this, and BilledCost and InvoiceId are null.",
    columns: &[
        DT,
        column("BilledCost", Money, "Null: nobody has billed this."),
        column("BillingAccountId", Text, "The account of --payer of hoptrail ddl; without, the account of the calls."),
        column("BillingAccountName", Text, "Its name, as in accounts; its ID if that is not known."),
        column("BillingAccountType", Text, "AWS Account."),
        column("BillingCurrency", Text, "USD."),
        column("BillingPeriodStart", Time, "The first day of the month."),
        column("BillingPeriodEnd", Time, "The first day of the next month."),
        column("ChargeCategory", Text, "Usage."),
        column("ChargeClass", Text, "Null: no correction."),
        column("ChargeDescription", Text, "The model, and which tokens."),
        column("ChargeFrequency", Text, "Usage-Based."),
        column("ChargePeriodStart", Time, "The day."),
        column("ChargePeriodEnd", Time, "The next day."),
        column("ConsumedQuantity", Money, "Tokens; null for other units than text tokens."),
        column("ConsumedUnit", Text, "Tokens; null for other units."),
        column("ContractedCost", Money, "The part of contracted_cost_usd that these tokens have, in proportion to ListCost; ListCost without a discount file."),
        column("ContractedUnitPrice", Money, "ContractedCost by PricingQuantity, to six places."),
        column("EffectiveCost", Money, "As ContractedCost."),
        column("InvoiceId", Text, "Null: nobody has billed this."),
        column("InvoiceIssuerName", Text, "Amazon Web Services."),
        column("ListCost", Money, "The list cost of these tokens."),
        column("ListUnitPrice", Money, "ListCost by PricingQuantity, to six places."),
        column("PricingCategory", Text, "Standard."),
        column("PricingQuantity", Money, "Millions of tokens; null for other units."),
        column("PricingUnit", Text, "1000000 Tokens; null for other units."),
        column("ProviderName", Text, "Amazon Web Services."),
        column("PublisherName", Text, "Amazon Web Services."),
        column("RegionId", Text, "The Region that the calls were sent to: prices follow it."),
        column("RegionName", Text, "The same."),
        column("ResourceId", Text, "Null: the tables have no resource of a charge."),
        column("ServiceCategory", Text, "AI and Machine Learning."),
        column("ServiceName", Text, "Amazon Bedrock."),
        column("ServiceSubcategory", Text, "Generative AI."),
        column("SkuId", Text, "The model and the kind of tokens."),
        column("SkuPriceId", Text, "The same with Region, service tier, and profile scope."),
        column("SubAccountId", Text, "The account of the calls."),
        column("SubAccountName", Text, "Its name, as in accounts; its ID if that is not known."),
        column("SubAccountType", Text, "AWS Account."),
        column("x_IsEstimate", Flag, "True: what a bill says may differ."),
        column("x_TokenKind", Text, "input, output, cache_read, cache_write, or other_units."),
        column("x_CostBasis", Text, "As in invocations."),
        column("x_CostGap", Text, "As in invocations."),
        column("x_Coverage", Ratio, "The part of calls that are priced, from 0 to 1."),
        column("x_OrganizationalUnit", Text, "The organizational unit of the account, as in accounts."),
        column("x_ModelName", Text, "As in invocations."),
        column("x_PrincipalName", Text, "As in invocations."),
        column("x_ProfileName", Text, "As in invocations."),
        column("x_ProfileScope", Text, "As in invocations."),
        column("x_ServiceTier", Text, "As in invocations."),
        column("x_PriceVersion", Text, "As in model_costs."),
    ],
    sql: "\
WITH kinds AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced, list_cost_usd,
    contracted_cost_usd, kind,
    CASE kind WHEN 'input' THEN input_tokens WHEN 'output' THEN output_tokens
      WHEN 'cache_read' THEN cache_read_tokens WHEN 'cache_write' THEN cache_write_tokens END AS tokens,
    CASE kind WHEN 'input' THEN list_input_cost_usd WHEN 'output' THEN list_output_cost_usd
      WHEN 'cache_read' THEN list_cache_read_cost_usd WHEN 'cache_write' THEN list_cache_write_cost_usd
      ELSE list_unit_cost_usd END AS cost
  FROM model_costs
  CROSS JOIN (VALUES ('input'), ('output'), ('cache_read'), ('cache_write'), ('other_units')) AS k(kind)
), charges AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced,
    contracted_cost_usd, kind, tokens, cost,
    ROW_NUMBER() OVER (
      PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
        principal_name, service_tier, cost_basis, cost_gap, price_version
      ORDER BY cost DESC, kind) AS place,
    CAST(COALESCE(CAST(CAST(contracted_cost_usd AS double) * CAST(cost AS double)
      / CAST(NULLIF(list_cost_usd, 0) AS double) AS decimal(30, 6)), 0) AS decimal(30, 12)) AS part
  FROM kinds
  WHERE cost IS NOT NULL AND (kind = 'other_units' OR tokens > 0)
), contracts AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced, kind, tokens, cost,
    CASE
      WHEN contracted_cost_usd IS NULL OR contracted_cost_usd = SUM(cost) OVER (
        PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
          principal_name, service_tier, cost_basis, cost_gap, price_version)
      THEN cost
      WHEN place > 1 THEN CAST(part AS decimal(38, 12))
      ELSE CAST(CAST(contracted_cost_usd AS decimal(30, 12)) - CAST(COALESCE(SUM(CASE WHEN place > 1 THEN part END)
        OVER (
          PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
            principal_name, service_tier, cost_basis, cost_gap, price_version), 0) AS decimal(30, 12))
        AS decimal(38, 12))
    END AS contracted
  FROM charges
)
SELECT dt,
  CAST(NULL AS decimal(38, 12)) AS BilledCost,
  {payer} AS BillingAccountId,
  {payer_name} AS BillingAccountName,
  'AWS Account' AS BillingAccountType,
  'USD' AS BillingCurrency,
  date_trunc('month', CAST(dt AS timestamp)) AS BillingPeriodStart,
  date_trunc('month', CAST(dt AS timestamp)) + INTERVAL '1' MONTH AS BillingPeriodEnd,
  'Usage' AS ChargeCategory,
  NULLIF('', '') AS ChargeClass,
  COALESCE(model_name, model_id) || ', ' || kind AS ChargeDescription,
  'Usage-Based' AS ChargeFrequency,
  CAST(dt AS timestamp) AS ChargePeriodStart,
  CAST(dt AS timestamp) + INTERVAL '1' DAY AS ChargePeriodEnd,
  CAST(CASE WHEN kind <> 'other_units' THEN tokens END AS decimal(38, 12)) AS ConsumedQuantity,
  CASE WHEN kind <> 'other_units' THEN 'Tokens' END AS ConsumedUnit,
  contracted AS ContractedCost,
  CAST(CAST(CASE WHEN kind <> 'other_units' THEN CAST(contracted AS double) * 1000000 / CAST(tokens AS double) END
    AS decimal(30, 6)) AS decimal(38, 12)) AS ContractedUnitPrice,
  contracted AS EffectiveCost,
  NULLIF('', '') AS InvoiceId,
  'Amazon Web Services' AS InvoiceIssuerName,
  cost AS ListCost,
  CAST(CAST(CASE WHEN kind <> 'other_units' THEN CAST(cost AS double) * 1000000 / CAST(tokens AS double) END
    AS decimal(30, 6)) AS decimal(38, 12)) AS ListUnitPrice,
  'Standard' AS PricingCategory,
  CAST(CASE WHEN kind <> 'other_units' THEN CAST(tokens AS decimal(20, 0)) * CAST(0.000001 AS decimal(7, 6)) END
    AS decimal(38, 12)) AS PricingQuantity,
  CASE WHEN kind <> 'other_units' THEN '1000000 Tokens' END AS PricingUnit,
  'Amazon Web Services' AS ProviderName,
  'Amazon Web Services' AS PublisherName,
  source_region AS RegionId,
  source_region AS RegionName,
  NULLIF('', '') AS ResourceId,
  'AI and Machine Learning' AS ServiceCategory,
  'Amazon Bedrock' AS ServiceName,
  'Generative AI' AS ServiceSubcategory,
  model_id || '/' || kind AS SkuId,
  model_id || '/' || kind || '/' || COALESCE(source_region, '') || '/' || COALESCE(service_tier, '') || '/'
    || COALESCE(profile_scope, '') AS SkuPriceId,
  account_id AS SubAccountId,
  COALESCE(account_name, account_id) AS SubAccountName,
  'AWS Account' AS SubAccountType,
  TRUE AS x_IsEstimate,
  kind AS x_TokenKind,
  cost_basis AS x_CostBasis,
  cost_gap AS x_CostGap,
  CAST(calls_priced AS double) / CAST(NULLIF(calls, 0) AS double) AS x_Coverage,
  ou AS x_OrganizationalUnit,
  model_name AS x_ModelName,
  principal_name AS x_PrincipalName,
  profile_name AS x_ProfileName,
  profile_scope AS x_ProfileScope,
  service_tier AS x_ServiceTier,
  price_version AS x_PriceVersion
FROM contracts
{account_names}",
    example: example!("focus_1_2"),
};
