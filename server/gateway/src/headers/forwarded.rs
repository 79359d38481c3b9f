use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::HeaderValue;
use thiserror::Error;
use url::Url;

/// The one origin people use, from the configuration's `public_url` and never from a request.
#[derive(Clone, Debug)]
pub struct PublicOrigin {
    proto: HeaderValue,
    host: HeaderValue,
    /// `;host="…";proto=…`, the part of `Forwarded` that is the same for everyone.
    forwarded: String,
}

/// The public URL has no host, or one that fits no header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("public_url must be an http or https URL with a host")]
pub struct PublicOriginError;

impl PublicOrigin {
    /// The origin of `url`.
    pub fn of(url: &Url) -> Result<Self, PublicOriginError> {
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or(PublicOriginError)?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            forwarded: format!(";host=\"{host}\";proto={}", url.scheme()),
            proto: HeaderValue::from_str(url.scheme()).map_err(|_| PublicOriginError)?,
            host: HeaderValue::from_str(&host).map_err(|_| PublicOriginError)?,
        })
    }

    pub(super) fn proto(&self) -> &HeaderValue {
        &self.proto
    }

    pub(super) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// `Forwarded` (RFC 7239): an IPv6 address stands in brackets and quotes.
    pub(super) fn forwarded(&self, client: IpAddr) -> HeaderValue {
        let mut text = Vec::with_capacity(self.forwarded.len() + 48);
        text.extend_from_slice(b"for=");
        match client.to_canonical() {
            IpAddr::V4(address) => push_octets(&mut text, address),
            IpAddr::V6(address) => text.extend_from_slice(format!("\"[{address}]\"").as_bytes()),
        }
        text.extend_from_slice(self.forwarded.as_bytes());
        field(text)
    }

    /// `X-Forwarded-For`: the client's address and nothing else, since nothing before the trusted hop is believed.
    pub(super) fn forwarded_for(&self, client: IpAddr) -> HeaderValue {
        match client.to_canonical() {
            IpAddr::V4(address) => {
                let mut text = Vec::with_capacity(15);
                push_octets(&mut text, address);
                field(text)
            }
            IpAddr::V6(address) => field(address.to_string().into_bytes()),
        }
    }
}

/// Writes an address without the formatting machinery, which costs more than all other injected fields together.
fn push_octets(text: &mut Vec<u8>, address: Ipv4Addr) {
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            text.push(b'.');
        }
        if octet >= 100 {
            text.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            text.push(b'0' + octet / 10 % 10);
        }
        text.push(b'0' + octet % 10);
    }
}

fn field(text: Vec<u8>) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("addresses and checked hosts are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_follows_rfc_7239() {
        let origin =
            PublicOrigin::of(&Url::parse("https://portal.example:8443/x").expect("a URL")).expect("fits");
        let of = |ip: &str| {
            let ip = ip.parse().expect("an address");
            (origin.forwarded(ip), origin.forwarded_for(ip))
        };
        let (forwarded, list) = of("203.0.113.9");
        assert_eq!(forwarded, "for=203.0.113.9;host=\"portal.example:8443\";proto=https");
        assert_eq!(list, "203.0.113.9");
        let (forwarded, list) = of("2001:db8::1");
        assert_eq!(forwarded, "for=\"[2001:db8::1]\";host=\"portal.example:8443\";proto=https");
        assert_eq!(list, "2001:db8::1");
        assert_eq!(of("::ffff:203.0.113.9").1, "203.0.113.9");
        for address in ["0.0.0.0", "10.100.99.255", "255.255.255.255", "1.20.109.200"] {
            assert_eq!(of(address).1, address);
        }
    }
}
