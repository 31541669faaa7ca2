//! What the URL of an endpoint says, and how it is shown.

use std::net::IpAddr;

/// Whether the host of a URL is an IP address, or a name of one label such as `localhost` or that of a
/// container: the name of a bucket in front of it would be no host that anybody knows.
pub(super) fn takes_no_bucket(url: &str) -> bool {
    let host = host(url);
    host.starts_with('[') || !host.contains('.') || host.parse::<IpAddr>().is_ok()
}

/// Whether a URL is one of AWS's own, such as a VPC endpoint's.
pub(super) fn is_of_aws(url: &str) -> bool {
    let host = host(url);
    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
}

/// The host of a URL, without user information. An IPv6 address keeps its brackets.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => host,
    }
}

/// A text without the user information of the URLs in it: it may be a secret.
pub(super) fn masked(text: &str) -> String {
    let mut parts = text.split("://");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| c.is_whitespace() || "/?#`\"".contains(c);
        let (authority, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        let host = authority.rsplit_once('@');
        masked.push_str("://");
        masked.push_str(&host.map_or(authority.to_owned(), |(_, host)| format!("***@{host}")));
        masked.push_str(rest);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_before_which_no_bucket_can_be() {
        for url in [
            "http://127.0.0.1:9000",
            "http://10.0.0.7",
            "https://[::1]:1/x",
            "https://[fe80::1]",
            "http://localhost/",
            "http://minio:9000",
            "HTTPS://Storage",
            "http://user:secret@127.0.0.1:9000/",
        ] {
            assert!(takes_no_bucket(url), "{url}");
        }
        for url in
            ["https://s3.example.org", "http://minio.local:9000", "https://localhost.example"]
        {
            assert!(!takes_no_bucket(url), "{url}");
        }
    }

    #[test]
    fn endpoints_of_aws() {
        assert!(is_of_aws("https://bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com"));
        assert!(is_of_aws("https://s3.cn-north-1.amazonaws.com.cn:443/"));
        assert!(!is_of_aws("https://s3.example.org/amazonaws.com"));
    }

    #[test]
    fn user_information_is_masked() {
        for (text, expected) in [
            ("http://user:secret@host:1/x@y", "http://***@host:1/x@y"),
            ("`https://u@ser:s@host`: a@b", "`https://***@host`: a@b"),
            ("http://host/?a=b@c, http://a:b@host", "http://host/?a=b@c, http://***@host"),
            ("connection refused", "connection refused"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
