CREATE EXTERNAL TABLE IF NOT EXISTS `invocations` (
  `event_time` timestamp COMMENT 'When the request completed.',
  `event_id` string COMMENT 'The eventID of CloudTrail; null where call_source is invocation_log: account_id, source_region, and request_id are the key then.',
  `request_id` string COMMENT 'The requestID of CloudTrail, which is the requestId of the model invocation log.',
  `account_id` string COMMENT 'The account that the event was delivered to (recipientAccountId).',
  `source_region` string COMMENT 'The Region that the request was sent to (awsRegion).',
  `inference_region` string COMMENT 'The Region where the request ran; null if it did not run.',
  `inference_region_basis` string COMMENT 'Where inference_region comes from: logged, invocation_log (not logged by CloudTrail, but by model invocation logging), source (not logged, and the call succeeded), none.',
  `residency` string COMMENT 'same_region, same_jurisdiction, other_jurisdiction (compares source_region with inference_region); null if it did not run or a jurisdiction is unknown.',
  `event_name` string COMMENT 'The eventName of CloudTrail.',
  `target_type` string COMMENT 'What was called: foundation_model, geo_profile, global_profile, application_profile, provisioned, custom_model, imported_model, prompt, prompt_router, marketplace_endpoint, unknown.',
  `profile_scope` string COMMENT 'The scope of the inference profile: us, eu, apac, jp, au, ca, in, us-gov, global.',
  `profile_id` string COMMENT 'The ID of the inference profile.',
  `model_id` string COMMENT 'The ID of the foundation model; null if unresolved.',
  `model_name` string COMMENT 'The name of the model, as AWS writes it.',
  `model_provider` string COMMENT 'The provider of the model.',
  `model_match` string COMMENT 'How the model was found: exact, base (by its ID apart from date and version, or by its dated name without provider), none.',
  `model_ref` string COMMENT 'The model identifier as logged (modelId), the first 2,048 characters of it.',
  `principal_type` string COMMENT 'The userIdentity.type of CloudTrail.',
  `principal_arn` string COMMENT 'The ARN of the caller.',
  `principal_name` string COMMENT 'The role or user of the caller, without the session.',
  `session_name` string COMMENT 'The name of the role session.',
  `api_key` boolean COMMENT 'Whether the call used a bearer token (Bedrock API key); null if the record does not say.',
  `source_ip` string COMMENT 'The IP address of the caller, or the AWS service that called.',
  `user_agent` string COMMENT 'The user agent of the caller.',
  `vpc_endpoint_id` string COMMENT 'The VPC endpoint that the request came through.',
  `outcome` string COMMENT 'succeeded, denied, throttled, failed.',
  `error_code` string COMMENT 'The errorCode of CloudTrail.',
  `service_tier` string COMMENT 'The service tier that served the call, else the one that was asked for (cost_gap has tier_unknown); latency_optimized for performanceConfig.',
  `input_tokens` bigint COMMENT 'Input tokens, without cache reads and writes.',
  `output_tokens` bigint COMMENT 'Output tokens.',
  `cache_read_tokens` bigint COMMENT 'Input tokens read from the prompt cache.',
  `cache_write_tokens` bigint COMMENT 'Input tokens written to the prompt cache.',
  `token_source` string COMMENT 'Where the token counts come from: invocation_log, cloudtrail, both (some kinds from each); null if there are none.',
  `list_cost_usd` decimal(38,12) COMMENT 'The cost in US dollars at list prices (FOCUS: ListCost), the lower end of an estimate; null if unknown.',
  `cost_basis` string COMMENT 'full (nothing that is billed is left out), lower_bound, estimate (between list_cost_usd and list_cost_max_usd); null if there is no cost.',
  `log_object` string COMMENT 'The object that the call was read from.',
  `profile_name` string COMMENT 'The name of the application profile or other target, from an alias.',
  `error_reason` string COMMENT 'Why the call did not succeed: needs_profile, model_access, marketplace, payment, legacy, invalid_model, too_many_requests, too_many_tokens, tokens_per_day, quota, timeout, unavailable, validation, policy; null if the record does not say.',
  `list_cost_max_usd` decimal(38,12) COMMENT 'The upper end of an estimate, in US dollars at list prices; null for every other cost_basis.',
  `cost_gap` string COMMENT 'Why the cost is not full or not known, such as no_count_output, no_price_cache_read, tier_unknown, custom_model: all reasons that hold, joined by commas in a fixed order; null if the cost is full, or the call did not run.',
  `latency_ms` bigint COMMENT 'How long the call took, in milliseconds, from the invocation log; null without its answer.',
  `first_byte_ms` bigint COMMENT 'How long it took until the first byte of a streamed answer, in milliseconds, from the invocation log.',
  `contracted_cost_usd` decimal(38,12) COMMENT 'What list_cost_usd comes to with the discount file, in US dollars (FOCUS: ContractedCost), the same as list_cost_usd where no discount applies; null without a discount file, or if the cost is unknown.',
  `call_source` string COMMENT 'Which log the call was read from: cloudtrail, invocation_log (no trail was read, or it has no such call).',
  `images` bigint COMMENT 'Images that were generated or embedded, from the invocation log.',
  `speech_tokens` bigint COMMENT 'Tokens of speech, which are among input_tokens and output_tokens too; null if the invocation log does not tell them from those of text.',
  `search_units` bigint COMMENT 'Search units of a reranker, from the invocation log.',
  `guardrail_units` bigint COMMENT 'Text units and images that guardrails covered, of policies that are not free, from the trace in the invocation log.',
  `request_metadata` map<string,string> COMMENT 'The keys of --request-metadata in the requestMetadata of the invocation log, with their values; null if it has none of them, and without the option.'
)
COMMENT 'Every Bedrock inference call: where it was sent, where it ran, which model it called. One row: one call.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/invocations/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/invocations/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `routing_distribution` (
  `event_hour` timestamp COMMENT 'Start of the hour (UTC).',
  `account_id` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `target_type` string COMMENT 'As in invocations.',
  `profile_scope` string COMMENT 'As in invocations.',
  `model_id` string COMMENT 'As in invocations.',
  `model_name` string COMMENT 'As in invocations.',
  `inference_region` string COMMENT 'As in invocations.',
  `inference_region_basis` string COMMENT 'As in invocations.',
  `residency` string COMMENT 'As in invocations.',
  `calls` bigint COMMENT 'All calls.',
  `succeeded_calls` bigint COMMENT 'Calls that succeeded.',
  `denied_calls` bigint COMMENT 'Calls that were denied.',
  `throttled_calls` bigint COMMENT 'Calls that were throttled.',
  `failed_calls` bigint COMMENT 'Calls that failed for another reason.',
  `input_tokens` bigint COMMENT 'Input tokens of the calls that have a count; null if none has.',
  `output_tokens` bigint COMMENT 'Output tokens of the calls that have a count; null if none has.'
)
COMMENT 'Where calls were sent and where they ran, by the hour. One row: event_hour x account x source_region x target_type x profile_scope x model x inference_region.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/routing_distribution/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/routing_distribution/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `model_costs` (
  `account_id` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `model_id` string COMMENT 'As in invocations.',
  `model_name` string COMMENT 'As in invocations.',
  `target_type` string COMMENT 'As in invocations.',
  `profile_scope` string COMMENT 'As in invocations.',
  `principal_name` string COMMENT 'As in invocations.',
  `service_tier` string COMMENT 'As in invocations.',
  `calls` bigint COMMENT 'All calls.',
  `succeeded_calls` bigint COMMENT 'Calls that succeeded.',
  `calls_with_tokens` bigint COMMENT 'Calls with token counts.',
  `calls_priced` bigint COMMENT 'Calls with a cost.',
  `input_tokens` bigint COMMENT 'Input tokens; null if no call has a count.',
  `output_tokens` bigint COMMENT 'Output tokens.',
  `cache_read_tokens` bigint COMMENT 'Input tokens read from the cache.',
  `cache_write_tokens` bigint COMMENT 'Input tokens written to the cache.',
  `list_input_cost_usd` decimal(38,12) COMMENT 'The list cost of input tokens.',
  `list_output_cost_usd` decimal(38,12) COMMENT 'The list cost of output tokens.',
  `list_cache_read_cost_usd` decimal(38,12) COMMENT 'The list cost of cache reads.',
  `list_cache_write_cost_usd` decimal(38,12) COMMENT 'The list cost of cache writes.',
  `list_cost_usd` decimal(38,12) COMMENT 'The list cost of the priced calls in US dollars, the sum of the four parts and list_unit_cost_usd, of estimates the lower end; null if none is priced.',
  `calls_lower_bound` bigint COMMENT 'Calls whose cost is a lower bound.',
  `calls_unpriced` bigint COMMENT 'Calls with counts of tokens or other units but no cost: see cost_gap.',
  `price_version` string COMMENT 'The version of the price book.',
  `profile_name` string COMMENT 'As in invocations.',
  `cost_basis` string COMMENT 'As in invocations.',
  `cost_gap` string COMMENT 'As in invocations.',
  `list_cost_max_usd` decimal(38,12) COMMENT 'The sum of the upper ends of estimates in US dollars at list prices; null for every other cost_basis.',
  `contracted_cost_usd` decimal(38,12) COMMENT 'The sum of contracted_cost_usd of invocations; null without a discount file, or if no call is priced.',
  `images` bigint COMMENT 'Images that were generated or embedded.',
  `speech_tokens` bigint COMMENT 'Tokens of speech, which are among input_tokens and output_tokens too.',
  `search_units` bigint COMMENT 'Search units of rerankers.',
  `guardrail_units` bigint COMMENT 'Text units and images that guardrails covered, of policies that are not free.',
  `list_unit_cost_usd` decimal(38,12) COMMENT 'The list cost of other units than text tokens: images, speech, queries, guardrails.',
  `calls_with_units` bigint COMMENT 'Calls without token counts of which other units are counted: calls_with_tokens + calls_with_units = calls_priced + calls_unpriced.'
)
COMMENT 'What each model cost at list prices, with counts that show how much of it is covered. One row: account x source_region x model x target_type x profile_scope x profile_name x principal_name x service_tier x cost_basis x cost_gap.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/model_costs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/model_costs/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `attributed_costs` (
  `session_name` string COMMENT 'As in invocations.',
  `request_metadata` map<string,string> COMMENT 'As in invocations.',
  `profile_tags` map<string,string> COMMENT 'The tags of the application profile, from an alias; null if none are known.',
  `account_id` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `model_id` string COMMENT 'As in invocations.',
  `model_name` string COMMENT 'As in invocations.',
  `target_type` string COMMENT 'As in invocations.',
  `profile_scope` string COMMENT 'As in invocations.',
  `principal_name` string COMMENT 'As in invocations.',
  `service_tier` string COMMENT 'As in invocations.',
  `calls` bigint COMMENT 'All calls.',
  `succeeded_calls` bigint COMMENT 'Calls that succeeded.',
  `calls_with_tokens` bigint COMMENT 'Calls with token counts.',
  `calls_priced` bigint COMMENT 'Calls with a cost.',
  `input_tokens` bigint COMMENT 'Input tokens; null if no call has a count.',
  `output_tokens` bigint COMMENT 'Output tokens.',
  `cache_read_tokens` bigint COMMENT 'Input tokens read from the cache.',
  `cache_write_tokens` bigint COMMENT 'Input tokens written to the cache.',
  `list_input_cost_usd` decimal(38,12) COMMENT 'The list cost of input tokens.',
  `list_output_cost_usd` decimal(38,12) COMMENT 'The list cost of output tokens.',
  `list_cache_read_cost_usd` decimal(38,12) COMMENT 'The list cost of cache reads.',
  `list_cache_write_cost_usd` decimal(38,12) COMMENT 'The list cost of cache writes.',
  `list_cost_usd` decimal(38,12) COMMENT 'The list cost of the priced calls in US dollars, the sum of the four parts and list_unit_cost_usd, of estimates the lower end; null if none is priced.',
  `calls_lower_bound` bigint COMMENT 'Calls whose cost is a lower bound.',
  `calls_unpriced` bigint COMMENT 'Calls with counts of tokens or other units but no cost: see cost_gap.',
  `price_version` string COMMENT 'The version of the price book.',
  `profile_name` string COMMENT 'As in invocations.',
  `cost_basis` string COMMENT 'As in invocations.',
  `cost_gap` string COMMENT 'As in invocations.',
  `list_cost_max_usd` decimal(38,12) COMMENT 'The sum of the upper ends of estimates in US dollars at list prices; null for every other cost_basis.',
  `contracted_cost_usd` decimal(38,12) COMMENT 'The sum of contracted_cost_usd of invocations; null without a discount file, or if no call is priced.',
  `images` bigint COMMENT 'Images that were generated or embedded.',
  `speech_tokens` bigint COMMENT 'Tokens of speech, which are among input_tokens and output_tokens too.',
  `search_units` bigint COMMENT 'Search units of rerankers.',
  `guardrail_units` bigint COMMENT 'Text units and images that guardrails covered, of policies that are not free.',
  `list_unit_cost_usd` decimal(38,12) COMMENT 'The list cost of other units than text tokens: images, speech, queries, guardrails.',
  `calls_with_units` bigint COMMENT 'Calls without token counts of which other units are counted: calls_with_tokens + calls_with_units = calls_priced + calls_unpriced.'
)
COMMENT 'What each caller cost at list prices: people behind one role by their sessions, users and teams behind one gateway by the request metadata. Its sums are those of model_costs. One row: a row of model_costs x session_name x request_metadata x profile_tags.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/attributed_costs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/attributed_costs/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `denials` (
  `event_time` timestamp COMMENT 'When the request completed.',
  `event_id` string COMMENT 'As in invocations.',
  `account_id` string COMMENT 'As in invocations.',
  `principal_arn` string COMMENT 'As in invocations.',
  `principal_name` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `target_type` string COMMENT 'As in invocations; see model_basis.',
  `profile_scope` string COMMENT 'As in invocations; see model_basis.',
  `model_id` string COMMENT 'As in invocations; see model_basis.',
  `model_ref` string COMMENT 'As in invocations.',
  `denied_action` string COMMENT 'The IAM action that was denied.',
  `denied_resource` string COMMENT 'The resource that it was denied on.',
  `blocked_region` string COMMENT 'The Region of that resource; unspecified for the Region-less model of a global profile.',
  `leg` string COMMENT 'Which resource of the cross-Region call was evaluated and denied: profile, source_model, destination_model, global_model.',
  `policy_type` string COMMENT 'The type of the policy, such as service_control_policy; vpc_endpoint_policy also if a network activity event of the request says so; null if neither names one.',
  `policy_arn` string COMMENT 'The policy, if the message names it.',
  `message` string COMMENT 'The errorMessage of CloudTrail.',
  `event_category` string COMMENT 'Management or Data: a call. NetworkActivity: no event but that of the VPC endpoint tells of the request, and invocations has no row for it. Null if the record does not say.',
  `model_basis` string COMMENT 'Where target_type, profile_scope, and model_id come from: call (model_ref), or denied_resource where the record names no model.',
  `error_reason` string COMMENT 'As in invocations.'
)
COMMENT 'Denied calls: which action on which resource, by which type of policy. One row: one denied call, or one request that only a network activity event says was denied.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/denials/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/denials/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `unresolved_models` (
  `model_ref` string COMMENT 'The model identifier as logged (modelId), the first 2,048 characters of it.',
  `reason` string COMMENT 'no_reference, unknown_form, no_alias, alias_loop, not_in_catalog, ambiguous.',
  `calls` bigint COMMENT 'Calls with this model identifier.',
  `first_seen` timestamp COMMENT 'The first of them on this day.',
  `last_seen` timestamp COMMENT 'The last of them on this day.',
  `accounts` bigint COMMENT 'The number of accounts that they came from.'
)
COMMENT 'Model identifiers without a known model, and why. One row: model_ref x reason.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/unresolved_models/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/unresolved_models/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `batch_jobs` (
  `event_time` timestamp COMMENT 'When the job was created.',
  `job_arn` string COMMENT 'The ARN of the job; null if the event does not say, and then no output is found for it.',
  `account_id` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `principal_arn` string COMMENT 'The ARN of who created the job.',
  `principal_name` string COMMENT 'As in invocations.',
  `target_type` string COMMENT 'As in invocations.',
  `profile_scope` string COMMENT 'As in invocations.',
  `profile_id` string COMMENT 'As in invocations.',
  `model_id` string COMMENT 'As in invocations.',
  `model_name` string COMMENT 'As in invocations.',
  `model_provider` string COMMENT 'As in invocations.',
  `model_match` string COMMENT 'As in invocations.',
  `model_ref` string COMMENT 'As in invocations.',
  `status` string COMMENT 'The last known state, as AWS spells it: Submitted (nothing but the creation is known), Validating, Scheduled, InProgress, Stopping, Stopped, Expired, Failed, PartiallyCompleted, Completed.',
  `records` bigint COMMENT 'Records that the job was given (totalRecordCount of its output); null without output.',
  `input_tokens` bigint COMMENT 'Input tokens of all records (inputTokenCount of the output).',
  `output_tokens` bigint COMMENT 'Output tokens of all records (outputTokenCount of the output).',
  `token_source` string COMMENT 'job_output; null if there are no token counts.',
  `list_cost_usd` decimal(38,12) COMMENT 'The cost in US dollars at the list prices of the batch tier in the source Region on the day of creation; null if unknown. It is in no other table.',
  `cost_basis` string COMMENT 'As in invocations.',
  `cost_gap` string COMMENT 'As in invocations.',
  `list_cost_max_usd` decimal(38,12) COMMENT 'As in invocations.',
  `contracted_cost_usd` decimal(38,12) COMMENT 'As in invocations.',
  `event_id` string COMMENT 'The eventID of CloudTrail.',
  `job_name` string COMMENT 'The name of the job.',
  `processed_records` bigint COMMENT 'Records that were processed (processedRecordCount).',
  `succeeded_records` bigint COMMENT 'Records with an answer (successRecordCount).',
  `failed_records` bigint COMMENT 'Records with an error (errorRecordCount).',
  `profile_name` string COMMENT 'As in invocations.',
  `log_object` string COMMENT 'The object that the event was read from.',
  `output_object` string COMMENT 'The file that the counts are from, below the location of the outputs.'
)
COMMENT 'Batch inference jobs on the day of their creation: their requests are no calls, and their cost is in no other table. One row: one batch inference job.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/batch_jobs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/batch_jobs/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `other_activity` (
  `account_id` string COMMENT 'As in invocations.',
  `source_region` string COMMENT 'As in invocations.',
  `event_source` string COMMENT 'The eventSource of CloudTrail.',
  `event_name` string COMMENT 'The eventName of CloudTrail.',
  `model_ref` string COMMENT 'The model identifier in the request as logged; null if it names none.',
  `principal_name` string COMMENT 'As in invocations.',
  `events` bigint COMMENT 'Events; each eventID counts once.',
  `errors` bigint COMMENT 'Events with an errorCode.',
  `first_seen` timestamp COMMENT 'The first of them on this day.',
  `last_seen` timestamp COMMENT 'The last of them on this day.',
  `has_own_cost` boolean COMMENT 'Whether such an event is billed on its own, such as a batch job, whose cost is in batch_jobs; that of other events is in no cost column.'
)
COMMENT 'Bedrock events that are no inference calls, by name: batch jobs, agents, guardrails, settings. One row: account x source Region x event source x event name x model_ref x principal.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/other_activity/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/other_activity/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `ingest` (
  `key` string COMMENT 'The key of the object, relative to the source.',
  `delivery_day` string COMMENT 'The delivery day in its key, YYYY-MM-DD; null if the key has none.',
  `bytes` bigint COMMENT 'Its size as stored.',
  `status` string COMMENT 'read, unreadable.',
  `reason` string COMMENT 'Why it is unreadable, or the first of its rejected records.',
  `records` bigint COMMENT 'Records read: calls + skipped + rejected.',
  `calls` bigint COMMENT 'Calls of any day: written + duplicates + other_day.',
  `skipped` bigint COMMENT 'Records that are not calls.',
  `rejected` bigint COMMENT 'Records that look like calls but cannot be used.',
  `written` bigint COMMENT 'Calls that are rows of invocations on this day.',
  `duplicates` bigint COMMENT 'Calls of this day that another record has too, which was kept.',
  `other_day` bigint COMMENT 'Calls of other days.',
  `digest_status` string COMMENT 'What the digest files of the trail say about it: valid, mismatch, not_listed, no_digest; null where digests were not validated.'
)
COMMENT 'The objects that a day was built from; objects delivered in the late window are listed on both days. One row: one object read for this day.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/ingest/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/ingest/dt=${dt}/'
);

CREATE OR REPLACE VIEW routing_share AS
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(succeeded_calls) AS double) / CAST(SUM(SUM(succeeded_calls)) OVER (
    PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name) AS double) AS share
FROM routing_distribution
WHERE inference_region IS NOT NULL
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency
HAVING SUM(succeeded_calls) > 0;

CREATE OR REPLACE VIEW residency_exceptions AS
SELECT dt, event_time, event_id, account_id, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref
FROM invocations
WHERE residency = 'other_jurisdiction';
