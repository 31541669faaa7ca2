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
  `request_metadata` map<string,string> COMMENT 'The keys of --request-metadata in the requestMetadata of the invocation log, with their values; null if it has none of them, and without the option.',
  `declared_destinations` bigint COMMENT 'How many Regions the catalog says that the profile may send calls to from source_region, all commercial Regions for a global profile; null if no system profile was called, or the catalog does not say.',
  `is_declared` boolean COMMENT 'Whether inference_region is one of them; null if the call did not run, or the catalog does not say.',
  `inference_region_opt_in` boolean COMMENT 'Whether an account has to enable inference_region before it can use it; null if the call did not run, or that is not known.',
  `iam_principal_arn` string COMMENT 'The ARN of the role, with its path, or of the user or root user that signed the request: the condition key aws:PrincipalArn.',
  `principal_account_id` string COMMENT 'The account of the caller (userIdentity.accountId), which may be another than account_id.',
  `principal_id` string COMMENT 'The unique ID of the role or user, without the session.',
  `is_temporary_credential` boolean COMMENT 'Whether the request was signed with temporary credentials; null if the record does not say.',
  `mfa_authenticated` boolean COMMENT 'Whether the session was authenticated with MFA; null for long-term credentials, and for sessions of roles without MFA: those of federated callers lack the condition key, others have false.',
  `invoked_by` string COMMENT 'The AWS service that made the request, on behalf of its caller or with a role of its own; null if no service did.',
  `source_identity` string COMMENT 'The source identity of the session (sts:SourceIdentity).',
  `federated_provider` string COMMENT 'The identity provider that the session was begun with, of web identity federation.',
  `vpc_endpoint_account_id` string COMMENT 'The account that owns the VPC endpoint.',
  `is_from_console` boolean COMMENT 'true if the credentials were those of a console session; null otherwise.',
  `endpoint_host` string COMMENT 'The host that the request was sent to, such as bedrock-runtime.us-east-1.amazonaws.com.',
  `tls_version` string COMMENT 'The version of TLS, such as TLSv1.3.'
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
  `output_tokens` bigint COMMENT 'Output tokens of the calls that have a count; null if none has.',
  `declared_destinations` bigint COMMENT 'As in invocations.',
  `is_declared` boolean COMMENT 'As in invocations.'
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

CREATE EXTERNAL TABLE IF NOT EXISTS `profile_destinations` (
  `account_id` string COMMENT 'As in invocations.',
  `profile_id` string COMMENT 'The ID of the system-defined inference profile that was called, also of the one below an application profile.',
  `source_region` string COMMENT 'As in invocations.',
  `destination_region` string COMMENT 'A Region that the profile may send calls to from source_region, or did send calls to.',
  `is_declared` boolean COMMENT 'Whether the catalog has the Region among the destinations of the profile; null if it does not know them.',
  `succeeded_calls` bigint COMMENT 'Calls that succeeded there; 0 if the Region is declared and was not used.'
)
COMMENT 'Where the profiles that were called on the day may send calls, and where they did. One row: account x profile_id x source_region x destination_region.'
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/profile_destinations/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2023-09-28,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://analytics/bedrock/profile_destinations/dt=${dt}/'
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
  `digest_status` string COMMENT 'What the digest files of the trail say about it: valid, mismatch, not_listed, no_digest; null where digests were not validated.',
  `account_id` string COMMENT 'The account in its key; null if the key has none.',
  `region` string COMMENT 'The Region in its key, whose log it is; null if the key has none.'
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

CREATE EXTERNAL TABLE IF NOT EXISTS `accounts` (
  `account_id` string COMMENT 'The ID of the account: 12 digits. Each is there once.',
  `name` string COMMENT 'The name of the account, as in the list.',
  `ou` string COMMENT 'The organizational unit of the account, as the list calls it; null if the list does not say.'
)
COMMENT 'The names of accounts, from the list of --accounts. It has no partition: one small file, which run --accounts replaces; without such a run there is none. One row: account.'
STORED AS PARQUET
LOCATION 's3://analytics/bedrock/accounts/';

CREATE OR REPLACE VIEW routing_share AS
WITH regions AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
    CAST(SUM(succeeded_calls) AS bigint) AS n
  FROM routing_distribution
  WHERE inference_region IS NOT NULL
  GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency
)
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
  n AS succeeded_calls,
  CAST(n AS double) / CAST(SUM(n) OVER (
    PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name) AS double) AS share
FROM regions
WHERE n > 0;

CREATE OR REPLACE VIEW routing_spread AS
WITH regions AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region,
    CAST(SUM(succeeded_calls) AS bigint) AS n,
    CAST(SUM(CASE WHEN inference_region_basis = 'source' THEN succeeded_calls ELSE 0 END) AS bigint) AS n_inferred,
    MAX(declared_destinations) AS declared
  FROM routing_distribution
  WHERE inference_region IS NOT NULL
  GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region
  HAVING SUM(succeeded_calls) > 0
), ranked AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region,
    n, n_inferred, declared, ROW_NUMBER() OVER (
      PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name
      ORDER BY n DESC, inference_region) AS place
  FROM regions
)
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name,
  CAST(SUM(n) AS bigint) AS succeeded_calls,
  COUNT(*) AS used_regions,
  MAX(declared) AS declared_destinations,
  CAST(SUM(n) AS double) * CAST(SUM(n) AS double)
    / CAST(SUM(CAST(n AS decimal(19, 0)) * CAST(n AS decimal(19, 0))) AS double) AS effective_regions,
  MAX(CASE WHEN place = 1 THEN inference_region END) AS top_region,
  CAST(MAX(n) AS double) / CAST(SUM(n) AS double) AS top_share,
  CAST(SUM(CASE WHEN inference_region <> source_region THEN n ELSE 0 END) AS bigint) AS away_calls,
  CAST(SUM(CASE WHEN inference_region = source_region THEN n - n_inferred ELSE 0 END) AS bigint) AS home_logged_calls,
  CAST(SUM(n_inferred) AS bigint) AS home_inferred_calls
FROM ranked
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name;

CREATE OR REPLACE VIEW residency_exceptions AS
SELECT dt, event_time, event_id, account_id, account_name, ou, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref, residency, is_declared, request_id
FROM invocations
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE residency = 'other_jurisdiction' OR is_declared = FALSE;

CREATE OR REPLACE VIEW daily_model_cost AS
SELECT dt, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(calls_with_tokens) AS bigint) AS calls_with_tokens,
  CAST(SUM(calls_with_units) AS bigint) AS calls_with_units,
  CAST(SUM(calls_priced) AS bigint) AS calls_priced,
  CAST(SUM(calls_lower_bound) AS bigint) AS calls_lower_bound,
  CAST(SUM(CASE WHEN cost_basis = 'estimate' THEN calls_priced ELSE 0 END) AS bigint) AS calls_estimated,
  CAST(SUM(calls_unpriced) AS bigint) AS calls_unpriced,
  CAST(SUM(input_tokens) AS bigint) AS input_tokens,
  CAST(SUM(output_tokens) AS bigint) AS output_tokens,
  CAST(SUM(cache_read_tokens) AS bigint) AS cache_read_tokens,
  CAST(SUM(cache_write_tokens) AS bigint) AS cache_write_tokens,
  SUM(list_cost_usd) AS list_cost_usd,
  SUM(COALESCE(list_cost_max_usd, list_cost_usd)) AS list_cost_max_usd,
  SUM(contracted_cost_usd) AS contracted_cost_usd
FROM model_costs
GROUP BY dt, model_id, model_name;

CREATE OR REPLACE VIEW chargeback AS
SELECT dt, account_id, account_name, ou, principal_name, profile_name, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(calls_with_tokens) AS bigint) AS calls_with_tokens,
  CAST(SUM(calls_with_units) AS bigint) AS calls_with_units,
  CAST(SUM(calls_priced) AS bigint) AS calls_priced,
  CAST(SUM(calls_lower_bound) AS bigint) AS calls_lower_bound,
  CAST(SUM(CASE WHEN cost_basis = 'estimate' THEN calls_priced ELSE 0 END) AS bigint) AS calls_estimated,
  CAST(SUM(calls_unpriced) AS bigint) AS calls_unpriced,
  CAST(SUM(input_tokens) AS bigint) AS input_tokens,
  CAST(SUM(output_tokens) AS bigint) AS output_tokens,
  CAST(SUM(cache_read_tokens) AS bigint) AS cache_read_tokens,
  CAST(SUM(cache_write_tokens) AS bigint) AS cache_write_tokens,
  SUM(list_cost_usd) AS list_cost_usd,
  SUM(COALESCE(list_cost_max_usd, list_cost_usd)) AS list_cost_max_usd,
  SUM(contracted_cost_usd) AS contracted_cost_usd
FROM model_costs
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
GROUP BY dt, account_id, account_name, ou, principal_name, profile_name, model_id, model_name;

CREATE OR REPLACE VIEW denials_by_region AS
WITH denied AS (
  SELECT dt, blocked_region, policy_type, policy_arn, leg, target_type, profile_scope, model_id, model_basis,
    account_id, principal_name, source_region,
    COUNT(*) AS n, MIN(event_time) AS first_seen, MAX(event_time) AS last_seen
  FROM denials
  GROUP BY dt, blocked_region, policy_type, policy_arn, leg, target_type, profile_scope, model_id, model_basis,
    account_id, principal_name, source_region
), succeeded AS (
  SELECT dt, account_id, principal_name, source_region, target_type, profile_scope, model_id, inference_region,
    COUNT(*) AS n
  FROM invocations
  WHERE outcome = 'succeeded'
  GROUP BY dt, account_id, principal_name, source_region, target_type, profile_scope, model_id, inference_region
), compared AS (
  SELECT d.dt, d.blocked_region, d.policy_type, d.policy_arn, d.leg, d.profile_scope, d.model_id, d.model_basis,
    d.account_id, d.principal_name, d.source_region, d.target_type, d.n, d.first_seen, d.last_seen,
    SUM(CASE WHEN s.inference_region = d.source_region THEN s.n ELSE 0 END) AS home,
    SUM(CASE WHEN s.inference_region <> d.source_region THEN s.n ELSE 0 END) AS away,
    SUM(CASE WHEN s.inference_region = d.blocked_region THEN s.n ELSE 0 END) AS there
  FROM denied d
  LEFT JOIN succeeded s ON d.dt = s.dt AND d.target_type = s.target_type
    AND COALESCE(d.account_id, '') = COALESCE(s.account_id, '')
    AND COALESCE(d.principal_name, '') = COALESCE(s.principal_name, '')
    AND COALESCE(d.source_region, '') = COALESCE(s.source_region, '')
    AND COALESCE(d.profile_scope, '') = COALESCE(s.profile_scope, '')
    AND COALESCE(d.model_id, '') = COALESCE(s.model_id, '')
  GROUP BY d.dt, d.blocked_region, d.policy_type, d.policy_arn, d.leg, d.profile_scope, d.model_id, d.model_basis,
    d.account_id, d.principal_name, d.source_region, d.target_type, d.n, d.first_seen, d.last_seen
), callers AS (
  SELECT dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id, account_id, principal_name, n,
    first_seen, last_seen,
    CASE WHEN model_basis = 'call' THEN home END AS home,
    CASE WHEN model_basis = 'call' THEN away END AS away,
    CASE WHEN model_basis = 'call' THEN there END AS there
  FROM compared
)
SELECT dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id,
  CAST(SUM(n) AS bigint) AS denied_calls,
  COUNT(DISTINCT account_id) AS accounts,
  COUNT(DISTINCT account_id || '/' || principal_name) AS principals,
  MIN(first_seen) AS first_seen,
  MAX(last_seen) AS last_seen,
  CAST(SUM(home) AS bigint) AS succeeded_home_calls,
  CAST(SUM(away) AS bigint) AS succeeded_away_calls,
  CAST(SUM(there) AS bigint) AS succeeded_there_calls,
  CASE
    WHEN policy_type IS NOT NULL THEN 'policy'
    WHEN SUM(home) + SUM(away) = 0 THEN 'likely_policy'
    WHEN SUM(there) > 0 THEN 'likely_change'
    WHEN SUM(home) + SUM(away) > 0 THEN 'likely_hop'
  END AS cause
FROM callers
GROUP BY dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id;

CREATE OR REPLACE VIEW throttling AS
WITH minutes AS (
  SELECT dt, date_trunc('hour', event_time) AS event_hour, date_trunc('minute', event_time) AS event_minute,
    account_id, source_region, target_type, profile_scope, model_id, model_name,
    COUNT(*) AS calls,
    SUM(CASE WHEN outcome = 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
    SUM(CASE WHEN outcome = 'throttled' THEN 1 ELSE 0 END) AS throttled,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'too_many_requests' THEN 1 ELSE 0 END) AS requests,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'too_many_tokens' THEN 1 ELSE 0 END) AS tokens,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'tokens_per_day' THEN 1 ELSE 0 END) AS tokens_per_day,
    SUM(CASE WHEN token_source IS NOT NULL
      THEN COALESCE(input_tokens, 0) + COALESCE(cache_write_tokens, 0) + COALESCE(output_tokens, 0) END) AS counted,
    SUM(CASE WHEN outcome = 'succeeded' AND inference_region <> source_region THEN 1 ELSE 0 END) AS away
  FROM invocations
  GROUP BY dt, date_trunc('hour', event_time), date_trunc('minute', event_time),
    account_id, source_region, target_type, profile_scope, model_id, model_name
)
SELECT dt, event_hour, account_id, source_region, target_type, profile_scope, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded) AS bigint) AS succeeded_calls,
  CAST(SUM(throttled) AS bigint) AS throttled_calls,
  CAST(SUM(requests) AS bigint) AS throttled_requests,
  CAST(SUM(tokens) AS bigint) AS throttled_tokens,
  CAST(SUM(tokens_per_day) AS bigint) AS throttled_tokens_per_day,
  CAST(SUM(throttled - requests - tokens - tokens_per_day) AS bigint) AS throttled_other,
  CAST(MAX(calls) AS bigint) AS peak_calls,
  CAST(MAX(counted) AS bigint) AS peak_tokens,
  CAST(SUM(away) AS bigint) AS away_calls,
  CAST(SUM(away) AS double) / CAST(NULLIF(SUM(succeeded), 0) AS double) AS away_share
FROM minutes
GROUP BY dt, event_hour, account_id, source_region, target_type, profile_scope, model_id, model_name;

CREATE OR REPLACE VIEW region_footprint AS
WITH parts AS (
  SELECT dt, account_id, source_region AS region, calls AS sent, 0 AS served, 0 AS denied, 0 AS events, 0 AS records,
    CAST(NULL AS boolean) AS opt_in
  FROM routing_distribution
  UNION ALL
  SELECT dt, account_id, inference_region, 0, succeeded_calls, 0, 0, 0, CAST(NULL AS boolean)
  FROM routing_distribution
  WHERE inference_region <> source_region
  UNION ALL
  SELECT dt, account_id, blocked_region, 0, 0, 1, 0, 0, CAST(NULL AS boolean)
  FROM denials
  WHERE blocked_region <> 'unspecified'
  UNION ALL
  SELECT dt, account_id, source_region, 0, 0, 0, events, 0, CAST(NULL AS boolean)
  FROM other_activity
  UNION ALL
  SELECT dt, account_id, region, 0, 0, 0, 0, skipped, CAST(NULL AS boolean)
  FROM ingest
  WHERE delivery_day = dt
  UNION ALL
  SELECT dt, account_id, inference_region, 0, 0, 0, 0, 0, inference_region_opt_in
  FROM invocations
)
SELECT dt, account_id, account_name, ou, region,
  CAST(SUM(sent) AS bigint) AS sent_calls,
  CAST(SUM(served) AS bigint) AS served_calls,
  CAST(SUM(denied) AS bigint) AS denied_calls,
  CAST(SUM(events) AS bigint) AS other_events,
  CAST(SUM(records) AS bigint) AS other_records,
  SUM(served) > 0 AND SUM(sent) = 0 AND SUM(events) = 0 AND SUM(records) = 0 AS is_inference_only,
  CAST(NULL AS boolean) AS approved,
  BOOL_OR(opt_in) AS opt_in
FROM parts
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE region IS NOT NULL
GROUP BY dt, account_id, account_name, ou, region;

CREATE OR REPLACE VIEW outside_approved_regions AS
SELECT dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in,
  profile_scope IS NULL AND profile_id IS NULL AND source_region = inference_region AS is_direct,
  COUNT(*) AS calls,
  COUNT(DISTINCT principal_name) AS principals
FROM invocations
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE inference_region IS NOT NULL AND CAST(NULL AS boolean) = FALSE
GROUP BY dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in, profile_scope;

CREATE OR REPLACE VIEW latency_by_region AS
WITH calls AS (
  SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region, latency_ms, first_byte_ms,
    CASE WHEN output_tokens > 0 THEN CAST(latency_ms AS double) / CAST(output_tokens AS double) END AS token_ms
  FROM invocations
  WHERE outcome = 'succeeded' AND inference_region IS NOT NULL
), ranked AS (
  SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region,
    latency_ms, first_byte_ms, token_ms,
    COUNT(latency_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n,
    COUNT(first_byte_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n_first,
    COUNT(token_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n_token,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY latency_ms NULLS LAST) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY first_byte_ms NULLS LAST) AS place_first,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY token_ms NULLS LAST) AS place_token
  FROM calls
)
SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region,
  COUNT(*) AS succeeded_calls,
  COUNT(latency_ms) AS calls_with_latency,
  MAX(CASE WHEN 2 * place >= n AND 2 * (place - 1) < n THEN latency_ms END) AS latency_p50_ms,
  MAX(CASE WHEN 100 * place >= 95 * n AND 100 * (place - 1) < 95 * n THEN latency_ms END) AS latency_p95_ms,
  COUNT(first_byte_ms) AS calls_with_first_byte,
  MAX(CASE WHEN 2 * place_first >= n_first AND 2 * (place_first - 1) < n_first
    THEN first_byte_ms END) AS first_byte_p50_ms,
  MAX(CASE WHEN 100 * place_first >= 95 * n_first AND 100 * (place_first - 1) < 95 * n_first
    THEN first_byte_ms END) AS first_byte_p95_ms,
  COUNT(token_ms) AS calls_with_output,
  MAX(CASE WHEN 2 * place_token >= n_token AND 2 * (place_token - 1) < n_token
    THEN token_ms END) AS ms_per_output_token_p50,
  MAX(CASE WHEN 100 * place_token >= 95 * n_token AND 100 * (place_token - 1) < 95 * n_token
    THEN token_ms END) AS ms_per_output_token_p95
FROM ranked
GROUP BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
HAVING COUNT(latency_ms) > 0;

CREATE OR REPLACE VIEW destination_use AS
SELECT dt, account_id, profile_id, source_region, destination_region, is_declared, succeeded_calls,
  succeeded_calls > 0 AS is_used,
  CASE WHEN succeeded_calls > 0 THEN dt END AS used_on
FROM profile_destinations;

CREATE OR REPLACE VIEW unresolved AS
SELECT dt, model_ref, reason, calls, accounts, first_seen, last_seen
FROM unresolved_models;

CREATE OR REPLACE VIEW ingest_health AS
SELECT dt,
  COUNT(*) AS objects,
  CAST(SUM(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) AS bigint) AS unreadable_objects,
  CAST(SUM(CASE WHEN digest_status = 'mismatch' THEN 1 ELSE 0 END) AS bigint) AS mismatched_objects,
  CAST(SUM(bytes) AS bigint) AS bytes,
  CAST(SUM(records) AS bigint) AS records,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(skipped) AS bigint) AS skipped,
  CAST(SUM(rejected) AS bigint) AS rejected,
  CAST(SUM(written) AS bigint) AS written,
  CAST(SUM(duplicates) AS bigint) AS duplicates,
  CAST(SUM(other_day) AS bigint) AS other_day,
  SUM(records) = SUM(calls) + SUM(skipped) + SUM(rejected)
    AND SUM(calls) = SUM(written) + SUM(duplicates) + SUM(other_day) AS adds_up
FROM ingest
GROUP BY dt;

CREATE OR REPLACE VIEW focus_1_2 AS
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
  account_id AS BillingAccountId,
  COALESCE(account_name, account_id) AS BillingAccountName,
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
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id;
