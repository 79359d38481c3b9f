use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Method, Version};
use hyper::upgrade::OnUpgrade;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use thiserror::Error;

use crate::routes::Route;

/// What a server appends to the client's key (RFC 6455, section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A protocol that a route may switch to, as `Upgrade` names it; compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol(String);

/// Why a name is no protocol that may be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// No token (RFC 9110, section 5.6.2).
    #[error("it is no protocol name")]
    NotAToken,
    /// What comes after the switch would be further requests, which nobody authorises.
    #[error("calls inside it would pass the portal unseen")]
    CarriesRequests,
}

impl Protocol {
    /// Reads a declared name.
    pub fn parse(name: &str) -> Result<Self, ProtocolError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_token) {
            return Err(ProtocolError::NotAToken);
        }
        let name = name.to_ascii_lowercase();
        let family = name.split('/').next().unwrap_or_default();
        if matches!(family, "h2c" | "h2" | "h3" | "http" | "tls" | "connect-udp" | "connect-ip") {
            return Err(ProtocolError::CarriesRequests);
        }
        Ok(Self(name))
    }

    fn is(&self, value: &HeaderValue) -> bool {
        value.as_bytes().trim_ascii().eq_ignore_ascii_case(self.0.as_bytes())
    }

    fn is_websocket(&self) -> bool {
        self.0 == "websocket"
    }
}

/// Why a request to switch protocols is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UpgradeError {
    /// The route declares no such protocol.
    #[error("the route declares no switch to this protocol")]
    NotDeclared,
    /// The request could be read in two ways, or is no handshake of its protocol.
    #[error("the handshake is malformed: {0}")]
    Malformed(&'static str),
    /// The connection cannot be handed over.
    #[error("the connection cannot switch protocols")]
    Unavailable,
}

/// A client's request to switch protocols, taken out of its head and checked.
pub(crate) struct Handshake {
    protocol: Protocol,
    /// The fields that belong to the handshake and go to the upstream as they came.
    fields: Vec<(HeaderName, HeaderValue)>,
    /// What `Sec-WebSocket-Accept` must be.
    accept: Option<String>,
    client: OnUpgrade,
}

impl Handshake {
    /// The handshake in `head`, which must ask for exactly one protocol that `route` declares.
    pub(crate) fn read(head: &mut Parts, route: &Route) -> Result<Self, UpgradeError> {
        let asked = only(&head.headers, &UPGRADE)?.ok_or(UpgradeError::NotDeclared)?;
        let declared = route.upgrades.iter().find(|protocol| protocol.is(asked));
        let protocol = declared.ok_or(UpgradeError::NotDeclared)?.clone();
        // Over HTTP/2 there is no such field but where the server put it for an extended CONNECT (RFC 8441).
        let has_upgrade = matches!(head.version, Version::HTTP_11 | Version::HTTP_2);
        if !has_upgrade || !nominates_upgrade(&head.headers) {
            return Err(UpgradeError::Malformed("it does not ask for the switch by Connection: upgrade"));
        }
        let length = only(&head.headers, &CONTENT_LENGTH)?;
        if head.headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0") {
            // Whether the body or the new protocol comes first is read differently by different servers.
            return Err(UpgradeError::Malformed("it has a body"));
        }
        let (accept, fields) = match protocol.is_websocket() {
            true => websocket(head)?,
            false => (None, Vec::new()),
        };
        let client = head.extensions.remove::<OnUpgrade>().ok_or(UpgradeError::Unavailable)?;
        Ok(Self { protocol, fields, accept, client })
    }

    /// Adds to a request that has been made the portal's own what asks the upstream to switch.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        self.switch(headers);
        for (name, value) in &self.fields {
            headers.append(name, value.clone());
        }
    }

    /// Checks the upstream's 101; the fields that the client needs of it.
    pub(crate) fn agreed(&self, headers: &HeaderMap) -> Result<HeaderMap, &'static str> {
        let named = only(headers, &UPGRADE).ok().flatten().is_some_and(|value| self.protocol.is(value));
        if !named || !nominates_upgrade(headers) {
            return Err("it switches to another protocol than it was asked for");
        }
        let mut answer = HeaderMap::new();
        self.switch(&mut answer);
        let Some(expected) = &self.accept else { return Ok(answer) };
        let accept = only(headers, &SEC_WEBSOCKET_ACCEPT).ok().flatten();
        let accept = accept.filter(|accept| accept.as_bytes() == expected.as_bytes());
        answer
            .insert(SEC_WEBSOCKET_ACCEPT, accept.ok_or("Sec-WebSocket-Accept does not fit the key")?.clone());
        for name in [SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS] {
            for chosen in headers.get_all(&name) {
                if !self.offered(&name, chosen) {
                    return Err("it chose what the client did not offer");
                }
                answer.append(&name, chosen.clone());
            }
        }
        Ok(answer)
    }

    /// The client's connection, once its 101 is written.
    pub(crate) fn into_client(self) -> (OnUpgrade, bool) {
        let framed = self.protocol.is_websocket();
        (self.client, framed)
    }

    fn switch(&self, headers: &mut HeaderMap) {
        headers.remove(TE);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        let name = HeaderValue::from_str(&self.protocol.0).expect("a token is a header value");
        headers.insert(UPGRADE, name);
    }

    /// A subprotocol must be one of those offered; an extension's name too, its parameters are negotiated.
    fn offered(&self, name: &HeaderName, chosen: &HeaderValue) -> bool {
        let label =
            |item: &[u8]| item.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_vec();
        let items = |value: &HeaderValue| -> Vec<Vec<u8>> {
            value.as_bytes().split(|byte| *byte == b',').map(label).collect()
        };
        let offered: Vec<Vec<u8>> = self
            .fields
            .iter()
            .filter(|(field, _)| field == name)
            .flat_map(|(_, value)| items(value))
            .collect();
        items(chosen).iter().all(|item| offered.contains(item))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

type WebSocket = (Option<String>, Vec<(HeaderName, HeaderValue)>);

/// What RFC 6455, section 4.2.1, asks of a client.
fn websocket(head: &Parts) -> Result<WebSocket, UpgradeError> {
    let headers = &head.headers;
    if head.method != Method::GET {
        return Err(UpgradeError::Malformed("its method is not GET"));
    }
    if only(headers, &SEC_WEBSOCKET_VERSION)?.is_none_or(|version| version != "13") {
        return Err(UpgradeError::Malformed("its version is not 13"));
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY)?.map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |nonce| nonce.len()) != 16 {
        return Err(UpgradeError::Malformed("Sec-WebSocket-Key is not 16 bytes in base64"));
    }
    let names = [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS];
    let fields = headers.iter().filter(|(name, _)| names.contains(name));
    Ok((Some(accept_for(key)), fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// `Sec-WebSocket-Accept` for a key (RFC 6455, section 4.2.2). SHA-1 only shows that the other side speaks WebSocket.
fn accept_for(key: &[u8]) -> String {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(GUID);
    STANDARD.encode(digest.finish())
}

/// The one value of a field; twice is malformed.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, UpgradeError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(UpgradeError::Malformed("a field of it stands there twice")),
        None => Ok(first),
    }
}

fn nominates_upgrade(headers: &HeaderMap) -> bool {
    let mut tokens =
        headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_is_that_of_the_rfc() {
        // RFC 6455, section 1.3.
        assert_eq!(accept_for(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_protocol_that_carries_requests_cannot_be_declared() {
        for name in ["h2c", "HTTP/2.0", "TLS/1.0", "h2", "connect-udp"] {
            assert_eq!(Protocol::parse(name), Err(ProtocolError::CarriesRequests), "{name}");
        }
        for name in ["", "web socket", "websocket, h2c", "a\r\nb"] {
            assert_eq!(Protocol::parse(name), Err(ProtocolError::NotAToken), "{name}");
        }
        let declared = Protocol::parse("WebSocket").expect("fits");
        assert!(declared.is_websocket() && declared.is(&HeaderValue::from_static("Websocket")));
    }
}
