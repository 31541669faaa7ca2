//! Which proxy is between here and the endpoint: for messages, and for giving up on it soon.

use std::env;
use std::fmt;

use aws_config::Region;

use crate::s3::endpoint::{host, masked};

/// A proxy that the environment names.
#[derive(Debug)]
pub(super) struct Proxy {
    variable: &'static str,
    url: String,
}

/// "the proxy of `HTTPS_PROXY`, with its URL": what a user has to look at.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy of {} (`{}`)", self.variable, masked(&self.url))
    }
}

impl Proxy {
    /// That of requests to an endpoint; without a URL, to AWS.
    pub(super) fn of(endpoint_url: Option<&str>, region: &Region) -> Option<Self> {
        let of_aws = format!("https://s3.{region}.amazonaws.com");
        let url = endpoint_url.unwrap_or(&of_aws);
        let is_plain = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        let variable = if is_plain { "HTTP_PROXY" } else { "HTTPS_PROXY" };
        let found = [variable, "ALL_PROXY"].into_iter().find_map(|name| Some((name, value(name)?)));
        let (variable, proxy) = found?;
        let skipped = value("NO_PROXY").is_some_and(|list| is_listed(host(url), &list));
        (!skipped).then_some(Self { variable, url: proxy })
    }
}

/// A variable, in upper or lower case.
fn value(name: &str) -> Option<String> {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    of(name).or_else(|| of(&name.to_ascii_lowercase()))
}

/// Whether a host is in a list of `NO_PROXY`: domains with all that is below them, addresses, `*`. Networks
/// are not looked at, which only matters to what a message says.
fn is_listed(host: &str, list: &str) -> bool {
    list.split(',').map(|entry| entry.trim().trim_start_matches('.')).any(|entry| {
        let above = host.strip_suffix(entry);
        entry == "*"
            || !entry.is_empty()
                && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_need_no_proxy() {
        let list = "localhost, .example.org,10.0.0.7";
        for host in ["localhost", "example.org", "s3.example.org", "10.0.0.7"] {
            assert!(is_listed(host, list), "{host}");
        }
        for host in ["s3.amazonaws.com", "notexample.org", "10.0.0.70"] {
            assert!(!is_listed(host, list), "{host}");
        }
        assert!(is_listed("s3.amazonaws.com", "*"));
        assert!(!is_listed("s3.amazonaws.com", ""));
    }
}
