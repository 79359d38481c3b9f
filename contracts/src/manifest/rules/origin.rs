use super::{Rule, all};

/// An origin in its one spelling: lower case, no default port, no path.
pub const ORIGIN: Rule = Rule {
    expected: "an origin such as `https://api.example`: `http` or `https`, lower case, nothing after host and port",
    holds: |text| {
        split(text).is_some_and(|url| matches!(url.scheme, "http" | "https") && url.rest.is_empty())
    },
};

/// A source that a manifest may add to a CSP directive. In clear text only from the same machine.
pub const CSP_SOURCE: Rule = Rule {
    expected: "an origin such as `https://images.example` (`https` or `wss`; `http` and `ws` on loopback only), \
               no keyword, no wildcard",
    holds: |text| {
        split(text).is_some_and(|url| {
            let confidential = matches!(url.scheme, "https" | "wss");
            (confidential || matches!(url.host, "127.0.0.1" | "[::1]" | "localhost")) && url.rest.is_empty()
        })
    },
};

/// Where a back end is.
pub const BACKEND_URL: Rule = Rule {
    expected: "a URL such as `https://api.example/v1`: `http` or `https`, lower-case host, no credentials, query, fragment \
               or slash at the end",
    holds: |text| {
        let path = |path: &str| {
            path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_path_segment))
        };
        split(text).is_some_and(|url| matches!(url.scheme, "http" | "https") && path(url.rest))
    },
};

/// The origin of a URL that keeps [`BACKEND_URL`] or [`ORIGIN`].
pub fn origin_of(url: &str) -> Option<&str> {
    split(url).map(|parts| &url[..url.len() - parts.rest.len()])
}

struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    rest: &'a str,
}

/// Takes a URL apart, strictly: what is not in its one spelling is refused rather than normalised, so that origins can
/// be compared as texts.
fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, after) = text.split_once("://")?;
    let end = after.find('/').unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let close = v6.find(']')? + 2;
            let tail = &authority[close..];
            (&authority[..close], if tail.is_empty() { None } else { Some(tail.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let default_port = match scheme {
        "http" | "ws" => "80",
        "https" | "wss" => "443",
        _ => return None,
    };
    let port_fits = port.is_none_or(|port| {
        port != default_port
            && !port.starts_with('0')
            && port.bytes().all(|b| b.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    });
    (port_fits && (is_host_name(host) || is_ipv6(host))).then_some(Parts { scheme, host, rest })
}

fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        let allowed: fn(u8) -> bool =
            |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        !label.starts_with('-') && !label.ends_with('-') && all(label, 63, allowed)
    };
    // What ends in a number is an IPv4 address to browsers (WHATWG URL, section 3.5), which has one spelling.
    let ends_in_number =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    let address = || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.to_string() == host);
    host.len() <= 253 && host.split('.').all(label) && (!ends_in_number || address())
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| {
        inner.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == inner)
    })
}

fn is_path_segment(segment: &str) -> bool {
    let allowed: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    segment != "." && segment != ".." && all(segment, 128, allowed)
}
