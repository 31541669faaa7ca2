//! Connects: settings, credentials, the SDK's client, the bucket's Region.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_s3::config::{
    Builder, IdentityCache, ResponseChecksumValidation, SharedCredentialsProvider,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::ObjectCannedAcl;
use aws_types::service_config::ServiceConfigKey;
use tokio::sync::OnceCell;

use crate::error::{Error, Operation};
use crate::s3::credentials::Trimmed;
use crate::s3::endpoint::{is_of_aws, masked, takes_no_bucket};
use crate::s3::error::{Service, innermost};
use crate::s3::faults::{NeverReached, Unclassified};
use crate::s3::options::{AddressingStyle, S3Options, StaticCredentials};
use crate::s3::proxy::Proxy;
use crate::s3::{Inner, http};
use crate::uri::region_of_arn;

/// Tries of one request, where neither options nor environment nor profile say another number. The
/// SDK's own default, 3, gives up within seconds, and a night's run should outlast a minute.
const DEFAULT_TRIES: u32 = 10;
const DEFAULT_FIRST_PAUSE: Duration = Duration::from_secs(1);
const DEFAULT_STALL_LIMIT: Duration = Duration::from_secs(20);
/// The longest wait for a connection, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// The same for a proxy, which is near.
const PROXY_CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// The longest wait for the head of an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// The longest wait for credentials: a provider may be a program that asks its user for a code.
const CREDENTIALS_LIMIT: Duration = Duration::from_secs(70);
/// Asked first when nothing says otherwise; it knows the Region of every bucket of its partition.
const DEFAULT_REGION: &str = "us-east-1";
/// How the SDK's user agent names the program, unless the user has given it another name.
const APP_NAME: &str = "hoptrail";

/// What the options and the environment come to.
struct Settings {
    builder: Builder,
    region: String,
    /// Of another service than AWS.
    endpoint_url: Option<String>,
    /// Between here and the endpoint.
    proxy: Option<Proxy>,
    addressing_style: AddressingStyle,
    /// Where credentials are looked for, in words.
    tried: String,
    max_tries: u32,
}

pub(super) async fn connect(
    bucket: &str,
    root: String,
    options: &S3Options,
) -> Result<Inner, Error> {
    let settings = match &options.credentials {
        Some(credentials) => explicit(options, credentials)?,
        None => from_environment(options).await?,
    };
    let endpoint_url = settings.endpoint_url.as_deref();
    let path_style = match settings.addressing_style {
        // An access point has a host of its own, and no other address.
        _ if region_of_arn(bucket).is_some() => false,
        AddressingStyle::Path => true,
        AddressingStyle::Virtual => false,
        AddressingStyle::Auto => endpoint_url.is_some_and(takes_no_bucket),
    };
    let builder = tuned(settings.builder, options).force_path_style(path_style);
    let in_words = |region: &str| {
        let endpoint = endpoint_url.map_or_else(|| format!("S3 in {region}"), masked);
        settings.proxy.as_ref().map_or(endpoint.clone(), |proxy| format!("{endpoint} by {proxy}"))
    };
    let region = region_of_arn(bucket).map_or(settings.region.clone(), str::to_owned);
    let is_aws = endpoint_url.is_none_or(is_of_aws);
    let mut inner = Inner {
        client: client(&builder, &region),
        bucket: bucket.to_owned(),
        root,
        endpoint: in_words(&region),
        region,
        tried: settings.tried.clone(),
        requester_pays: options.requester_pays,
        encryption: options.encryption.clone(),
        acl: options.acl.as_deref().map(ObjectCannedAcl::from),
        expected_bucket_owner: options.expected_bucket_owner.clone(),
        lists_restored: is_aws,
        completes_on_condition: OnceCell::new_with(is_aws.then_some(true)),
        max_tries: settings.max_tries,
        first_pause: first_pause(options),
    };
    if let Some(region) = inner.find_region(settings.proxy.is_some()).await? {
        inner.client = client(&builder, &region);
        inner.endpoint = in_words(&region);
        inner.region = region;
    }
    Ok(inner)
}

/// What is the same wherever the settings come from.
fn tuned(builder: Builder, options: &S3Options) -> Builder {
    let stall_limit = options.stall_limit.unwrap_or(DEFAULT_STALL_LIMIT);
    let stalled = StalledStreamProtectionConfig::enabled().grace_period(stall_limit).build();
    // Each request has its bounded tries, and the requests in flight are bounded too. A budget of
    // retries for all requests together would end a long run in a bad minute.
    let unlimited = RetryPartition::custom("store").token_bucket(TokenBucket::unlimited()).build();
    builder
        .use_arn_region(true)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .stalled_stream_protection(stalled)
        // One for all Regions that are tried.
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_LIMIT).build())
        .retry_partition(unlimited)
        .retry_classifier(Unclassified)
}

fn client(builder: &Builder, region: &str) -> Client {
    Client::from_conf(builder.clone().region(Region::new(region.to_owned())).build())
}

impl Inner {
    /// The Region that the bucket is in, if it is another than the client's. An error only if
    /// nothing else can work either.
    async fn find_region(&self, has_proxy: bool) -> Result<Option<String>, Error> {
        let request = self.client.head_bucket().bucket(&self.bucket);
        let request = request.set_expected_bucket_owner(self.owner()).customize();
        let final_faults = Builder::new().retry_classifier(NeverReached { has_proxy });
        let answer = request.config_override(final_faults).send().await;
        let Err(error) = answer else { return Ok(None) };
        let named = named_region(&error).filter(|region| *region != self.region);
        if named.is_some() {
            return Ok(named);
        }
        match self.error(Operation::Connect, "", &error) {
            // A HEAD answer has no body that says more; the first request that has one will say.
            // Callers that may not look a bucket up may still read from it or write to it.
            Error::AccessDenied { .. } | Error::Other { code: Some(_), .. } => Ok(None),
            error => Err(error),
        }
    }
}

fn named_region<E: Service>(error: &SdkError<E>) -> Option<String> {
    error.raw_response()?.headers().get("x-amz-bucket-region").map(str::to_owned)
}

/// With these credentials, and nothing from outside.
fn explicit(options: &S3Options, credentials: &StaticCredentials) -> Result<Settings, Error> {
    let StaticCredentials { access_key_id, secret_access_key, session_token } = credentials;
    let max_tries = options.max_attempts.unwrap_or(DEFAULT_TRIES).max(1);
    let mut builder = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .app_name(AppName::new(APP_NAME).expect("a name of letters"))
        .http_client(http::plain()?)
        .timeout_config(timeouts(CONNECT_LIMIT))
        .retry_config(with_tries(RetryConfig::standard(), max_tries, options));
    builder.set_endpoint_url(options.endpoint_url.clone());
    let builder = if options.no_sign_request {
        builder.allow_no_auth()
    } else {
        let (token, tried) = (session_token.clone(), "explicit options");
        let given = Credentials::new(access_key_id, secret_access_key, token, None, tried);
        builder.credentials_provider(given)
    };
    Ok(Settings {
        builder,
        region: options.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        endpoint_url: options.endpoint_url.clone(),
        proxy: None,
        addressing_style: options.addressing_style.unwrap_or(AddressingStyle::Auto),
        tried: "explicit options".to_owned(),
        max_tries,
    })
}

/// As every AWS tool: options, environment, configuration files, and for credentials the services
/// that machines have for it.
async fn from_environment(options: &S3Options) -> Result<Settings, Error> {
    let profiles = load_profiles(options).await?;
    let profile = profiles.selected_profile();
    let region = region(options, profile).await;
    let http_client = http::from_environment()?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .profile_name(profile)
        .http_client(http_client.clone())
        .timeout_config(timeouts(CONNECT_LIMIT));
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let tried = if options.no_sign_request {
        loader = loader.no_credentials();
        "none".to_owned()
    } else if let Some(name) = &options.profile {
        // Named by hand, a profile goes before credentials in the environment.
        let provider_config = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_http_client(http_client);
        let provider = ProfileFileCredentialsProvider::builder()
            .profile_name(name)
            .configure(&provider_config)
            .build();
        loader = loader.credentials_provider(provider);
        format!("profile `{name}`")
    } else {
        format!("environment, profile `{profile}`, web identity, container and instance metadata")
    };
    let config = loader.load().await;

    let retry = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let is_set =
        env::var_os("AWS_MAX_ATTEMPTS").is_some() || profiles.get("max_attempts").is_some();
    let max_tries = match options.max_attempts {
        Some(max_attempts) => max_attempts.max(1),
        None if is_set => retry.max_attempts(),
        None => DEFAULT_TRIES,
    };
    let mut builder = Builder::from(&config).retry_config(with_tries(retry, max_tries, options));
    if config.app_name().is_none() {
        builder.set_app_name(AppName::new(APP_NAME).ok());
    }
    if options.no_sign_request {
        builder.set_allow_no_auth();
    }
    if let Some(provider) = config.credentials_provider() {
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(Trimmed(provider))));
    }
    let endpoint_url = options.endpoint_url.clone().or_else(|| endpoint_url(&config));
    let proxy = Proxy::of(endpoint_url.as_deref(), &region);
    if proxy.is_some() {
        builder.set_timeout_config(Some(timeouts(PROXY_CONNECT_LIMIT)));
    }
    let addressing_style = match options.addressing_style {
        Some(style) => style,
        None => addressing_style(&profiles)?.unwrap_or(AddressingStyle::Auto),
    };
    Ok(Settings {
        builder,
        region: region.to_string(),
        endpoint_url,
        proxy,
        addressing_style,
        tried,
        max_tries,
    })
}

/// What the profile says as the AWS CLI reads it: `addressing_style` among the lines below `s3 =`.
/// <https://docs.aws.amazon.com/cli/latest/topic/s3-config.html>
fn addressing_style(profiles: &ProfileSet) -> Result<Option<AddressingStyle>, Error> {
    let settings = profiles.get("s3").unwrap_or_default().lines();
    let mut pairs = settings.filter_map(|line| line.split_once('='));
    let Some((_, text)) = pairs.find(|(name, _)| name.trim() == "addressing_style") else {
        return Ok(None);
    };
    let text = text.trim();
    text.parse().map(Some).map_err(|()| Error::Settings {
        what: format!(
            "`s3.addressing_style` of profile `{}`: expected auto, path, or virtual, found `{text}`",
            profiles.selected_profile()
        ),
        source: None,
    })
}

/// The endpoint that the SDK takes from the environment or the profile.
fn endpoint_url(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let of_s3 = config.service_config().and_then(|settings| settings.load_config(key));
    of_s3.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// The configuration files. A profile that is named must be in them.
async fn load_profiles(options: &S3Options) -> Result<ProfileSet, Error> {
    let wanted = options.profile.clone().or_else(|| env::var("AWS_PROFILE").ok());
    let wanted = wanted.filter(|name| !name.is_empty());
    let selected = wanted.clone().map(Into::into);
    // The system's files and environment, and the usual paths.
    let (system, environment, paths) = Default::default();
    let profiles = aws_config::profile::load(&system, &environment, &paths, selected).await;
    let profiles = profiles.map_err(|error| Error::Settings {
        what: "the configuration files cannot be read".to_owned(),
        source: Some(innermost(&error).into()),
    })?;
    match wanted {
        Some(profile) if profiles.get_profile(&profile).is_none() => {
            let mut known: Vec<_> = profiles.profiles().map(str::to_owned).collect();
            known.sort_unstable();
            Err(Error::NoSuchProfile { profile, known })
        }
        _ => Ok(profiles),
    }
}

/// The Region to ask first. The instance's metadata are not asked: off AWS, that costs seconds.
async fn region(options: &S3Options, profile: &str) -> Region {
    if let Some(region) = &options.region {
        return Region::new(region.clone());
    }
    let of_profile = ProfileFileRegionProvider::builder().profile_name(profile).build();
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
    let region = chain.or_else(of_profile).region().await;
    region.unwrap_or(Region::from_static(DEFAULT_REGION))
}

fn timeouts(connect_limit: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(connect_limit).read_timeout(ANSWER_LIMIT).build()
}

fn with_tries(retry: RetryConfig, max_tries: u32, options: &S3Options) -> RetryConfig {
    retry.with_max_attempts(max_tries).with_initial_backoff(first_pause(options))
}

fn first_pause(options: &S3Options) -> Duration {
    options.first_pause.unwrap_or(DEFAULT_FIRST_PAUSE)
}
