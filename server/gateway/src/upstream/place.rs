use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// Where an upstream is: a name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// As resolvers take it: a name or an address, IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A text is no place of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no address of an upstream: host:port is expected, such as 10.0.0.7:8080, [fd00::7]:8080 or todos-b.internal:8080"
)]
pub struct PlaceError {
    /// What was found.
    pub text: String,
}

impl Place {
    /// Reads `host:port`. No scheme and no path: those are the upstream's own, wherever it is.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let error = || PlaceError { text: text.to_owned() };
        let (host, port) = text.rsplit_once(':').ok_or_else(error)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(error)?;
        let host = match url::Host::parse(host).map_err(|_| error())? {
            url::Host::Ipv6(address) => address.to_string(),
            host => host.to_string(),
        };
        Ok(Self { host, port })
    }

    /// The address, where it is one and needs no resolver.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        for text in ["10.0.0.7:8080", "[fd00::7]:8080", "todos-b.internal:80"] {
            assert_eq!(Place::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(
            Place::parse("[::1]:80").expect("fits").address(),
            Some(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]))
        );
        assert_eq!(Place::parse("0x7f.1:80").expect("fits").host, "127.0.0.1", "read as browsers read it");
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_it_is() {
        for text in [
            "",
            "todos",
            "todos:",
            "todos:0",
            "todos:70000",
            "http://todos:80",
            "fd00::7:x",
            "a b:80",
            "todos:80/x",
        ] {
            assert!(Place::parse(text).expect_err(text).to_string().contains(&format!("{text:?}")));
        }
    }
}
