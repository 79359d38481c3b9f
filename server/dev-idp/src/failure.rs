use std::collections::VecDeque;

use parking_lot::Mutex;

/// An endpoint that relying parties call directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `/jwks`
    Jwks,
    /// `/token`
    Token,
    /// `/userinfo`
    Userinfo,
}

impl Endpoint {
    pub(crate) fn at(path: &str) -> Option<Self> {
        // The router is nested or not, so the end of the path decides.
        [
            ("/.well-known/openid-configuration", Self::Discovery),
            ("/jwks", Self::Jwks),
            ("/token", Self::Token),
            ("/userinfo", Self::Userinfo),
        ]
        .into_iter()
        .find_map(|(suffix, endpoint)| path.ends_with(suffix).then_some(endpoint))
    }
}

/// What a test makes an endpoint answer once, instead of what it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// This status with an empty body, as from a broken proxy.
    Status(u16),
    /// 400 with this RFC 6749 error code, such as `invalid_grant` or `invalid_target`.
    OAuth(&'static str),
    /// 200 with a body that is not JSON.
    Nonsense,
}

/// The failures that tests have ordered.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<VecDeque<(Endpoint, Failure)>>);

impl Failures {
    pub(crate) fn order(&self, endpoint: Endpoint, failure: Failure) {
        self.0.lock().push_back((endpoint, failure));
    }

    pub(crate) fn take(&self, endpoint: Endpoint) -> Option<Failure> {
        let mut ordered = self.0.lock();
        let position = ordered.iter().position(|(at, _)| *at == endpoint)?;
        ordered.remove(position).map(|(_, failure)| failure)
    }
}
