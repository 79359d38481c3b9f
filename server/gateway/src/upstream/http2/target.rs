use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{Uri, Version, header};

use crate::upstream::{Origin, OriginError};

/// Where every request of an upstream goes, in the words of HTTP/2 (RFC 9113, section 8.3.1).
#[derive(Debug)]
pub(crate) struct Target {
    scheme: Scheme,
    authority: Authority,
}

impl Target {
    pub(crate) fn of(origin: &Origin) -> Result<Self, OriginError> {
        let not_a_url = |_| OriginError::NotAUrl { url: origin.url.to_string() };
        let authority = Authority::try_from(origin.host_header.as_bytes()).map_err(not_a_url)?;
        let scheme = if origin.secure { Scheme::HTTPS } else { Scheme::HTTP };
        Ok(Self { scheme, authority })
    }

    /// Makes the head of an HTTP/1.1 request one of HTTP/2: `:scheme` and `:authority` stand for `Host`, and no field
    /// concerns the connection (sections 8.2.2 and 8.3.1).
    pub(super) fn put_in(&self, head: &mut Parts) {
        let mut uri = std::mem::take(&mut head.uri).into_parts();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        head.uri = Uri::from_parts(uri).expect("a request has a path, and these are valid");
        head.version = Version::HTTP_2;
        for name in [header::HOST, header::CONNECTION] {
            head.headers.remove(name);
        }
    }
}
