use http::HeaderValue;
use thiserror::Error;
use url::{Host, Url};

use super::Place;
use crate::path::{PathError, ProxyPath};

/// An upstream's `backend.url`, taken apart once.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Where it is, unless the operator names other addresses.
    pub(crate) place: Place,
    /// Whether it is reached over TLS.
    pub(crate) secure: bool,
    /// What stands before every forwarded path: empty, or `/base` without a slash at the end.
    pub(crate) base: String,
    /// The `Host` field of every request.
    pub(crate) host_header: HeaderValue,
    /// For comparing a redirect's target.
    pub(crate) url: Url,
}

/// Why a text is no upstream URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OriginError {
    /// No URL at all.
    #[error("backend.url {url:?} is not a URL")]
    NotAUrl {
        /// What was found.
        url: String,
    },
    /// Another scheme.
    #[error("backend.url: the scheme is {scheme:?}, where http or https is expected")]
    Scheme {
        /// What was found.
        scheme: String,
    },
    /// User, password, query or fragment.
    #[error("backend.url may not contain a user, a password, a query or a fragment")]
    Extras,
    /// The path would be refused in a request.
    #[error("backend.url: {0}")]
    Path(#[from] PathError),
}

impl Origin {
    pub(crate) fn parse(text: &str) -> Result<Self, OriginError> {
        let not_a_url = || OriginError::NotAUrl { url: text.to_owned() };
        let url = Url::parse(text).map_err(|_| not_a_url())?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            scheme => return Err(OriginError::Scheme { scheme: scheme.to_owned() }),
        };
        let extras = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extras {
            return Err(OriginError::Extras);
        }
        let base = ProxyPath::parse(url.path())?.as_str().trim_end_matches('/').to_owned();
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        let (host, shown) = match url.host().ok_or_else(not_a_url)? {
            Host::Ipv6(address) => (address.to_string(), format!("[{address}]")),
            host => (host.to_string(), host.to_string()),
        };
        let shown = url.port().map_or_else(|| shown.clone(), |port| format!("{shown}:{port}"));
        let host_header = HeaderValue::from_str(&shown).map_err(|_| not_a_url())?;
        Ok(Self { place: Place { host, port }, secure, base, host_header, url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_apart_once() {
        let origin = Origin::parse("http://api.example:8080/v1/").expect("fits");
        assert_eq!(
            (origin.place.host.as_str(), origin.place.port, origin.base.as_str()),
            ("api.example", 8080, "/v1")
        );
        assert_eq!(origin.host_header, "api.example:8080");
        let v6 = Origin::parse("http://[::1]").expect("fits");
        assert_eq!((v6.place.host.as_str(), v6.place.port, v6.base.as_str()), ("::1", 80, ""));
        assert_eq!(v6.host_header, "[::1]");
        let tls = Origin::parse("https://api.example").expect("fits");
        assert!(tls.secure && tls.place.port == 443 && tls.host_header == "api.example");
    }

    #[test]
    fn what_is_no_upstream_is_refused_by_name() {
        let error = |text: &str| Origin::parse(text).expect_err(text).to_string();
        assert!(error("todos").contains("is not a URL"));
        assert!(error("file:///etc/passwd").contains("scheme"));
        assert!(error("http://user@api.example/").contains("a user"));
        assert!(error("http://api.example/?a=b").contains("a query"));
        assert!(error("http://api.example/a%2fb").contains("encoded slash"));
    }
}
