use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use parking_lot::RwLock;
use thiserror::Error;
use tokio::sync::Notify;
use url::form_urlencoded::{byte_serialize, parse};
use zeroize::Zeroizing;

use crate::headers::belongs_to_the_proxy;

/// What an upstream that takes no exchanged tokens is shown instead, or one that wants more is shown beside them. The
/// operator's, never the manifest's.
///
/// The value is made ready when it is read, and replaced while calls go on: a call takes what is there, without waiting.
pub struct Credential {
    form: Form,
    with_token: bool,
    ready: RwLock<Ready>,
    refused: Arc<Notify>,
}

/// How an upstream is shown a secret.
enum Form {
    /// A field with the secret and nothing else.
    Header(HeaderName),
    /// A query parameter, percent-encoded with its `=`: `key=`.
    Parameter { name: String, prefix: String },
    /// RFC 7617; `user:`.
    Basic { prefix: String },
    /// The connection's certificate.
    Certificate,
}

enum Ready {
    /// Nothing has been read yet: no call goes out.
    NotYet,
    Value(HeaderValue),
    Parameter(Zeroizing<String>),
    /// The connection itself says it.
    InTheConnection,
}

/// Why a credential cannot be configured, or a secret not be used as one. No value is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadCredential {
    /// Not a field name, or one that the proxy or HTTP itself writes.
    #[error("the header is one that the portal cannot set")]
    Header,
    /// An exchanged token and this would stand in one field.
    #[error("it stands in Authorization, where the exchanged token would stand")]
    TwoInOne,
    /// The secret, or the user's name, contains what does not fit.
    #[error("it contains characters that do not fit")]
    Characters,
}

/// Why a call cannot be given its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// It could not be read so far.
    #[error("the upstream's credential could not be read yet")]
    NotThere,
    /// The caller's query has the parameter that the credential stands in.
    #[error("the query has a parameter that is the portal's to set")]
    Reserved,
}

impl Credential {
    /// A key in a field of its own.
    pub fn header(name: &str, with_token: bool) -> Result<Self, BadCredential> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadCredential::Header)?;
        if belongs_to_the_proxy(name.as_str()) {
            return Err(BadCredential::Header);
        }
        if with_token && name == AUTHORIZATION {
            return Err(BadCredential::TwoInOne);
        }
        Ok(Self::of(Form::Header(name), with_token))
    }

    /// A key in a query parameter, for services that take it nowhere else: it will be in their logs.
    pub fn parameter(name: &str, with_token: bool) -> Result<Self, BadCredential> {
        if name.is_empty() {
            return Err(BadCredential::Characters);
        }
        let prefix = format!("{}=", byte_serialize(name.as_bytes()).collect::<String>());
        Ok(Self::of(Form::Parameter { name: name.to_owned(), prefix }, with_token))
    }

    /// A name and a password (RFC 7617). It takes the token's place.
    pub fn basic(user: &str) -> Result<Self, BadCredential> {
        if user.contains(':') || user.chars().any(char::is_control) {
            return Err(BadCredential::Characters);
        }
        Ok(Self::of(Form::Basic { prefix: format!("{user}:") }, false))
    }

    /// The portal's certificate on the connection ([`TlsSettings`](crate::TlsSettings)).
    pub fn certificate(with_token: bool) -> Self {
        Self::of(Form::Certificate, with_token)
    }

    fn of(form: Form, with_token: bool) -> Self {
        Self { form, with_token, ready: RwLock::new(Ready::NotYet), refused: Arc::default() }
    }

    /// Uses `secret` from now on. A certificate's is used by the connection; this says that it is there.
    pub fn replace(&self, secret: &str) -> Result<(), BadCredential> {
        let ready = match &self.form {
            Form::Header(_) => Ready::Value(value(secret)?),
            Form::Parameter { prefix, .. } => {
                let text = byte_serialize(secret.as_bytes()).fold(prefix.clone(), |text, part| text + part);
                Ready::Parameter(Zeroizing::new(text))
            }
            Form::Basic { prefix } => {
                if secret.chars().any(char::is_control) {
                    return Err(BadCredential::Characters);
                }
                let pair = Zeroizing::new(format!("{prefix}{secret}"));
                let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                Ready::Value(value(&encoded)?)
            }
            Form::Certificate => Ready::InTheConnection,
        };
        *self.ready.write() = ready;
        Ok(())
    }

    /// Notified when an upstream refused it: perhaps there is a newer one.
    pub fn refused(&self) -> Arc<Notify> {
        Arc::clone(&self.refused)
    }

    /// Whether the exchanged token is sent too.
    pub(crate) fn with_token(&self) -> bool {
        self.with_token
    }

    pub(crate) fn tell_refused(&self) {
        self.refused.notify_one();
    }

    /// Puts it into a request that has been made the portal's own.
    pub(crate) fn attach(&self, headers: &mut HeaderMap, target: &mut Uri) -> Result<(), CredentialError> {
        match (&self.form, &*self.ready.read()) {
            (_, Ready::NotYet) => Err(CredentialError::NotThere),
            (Form::Header(name), Ready::Value(value)) => {
                headers.insert(name, value.clone());
                Ok(())
            }
            (_, Ready::Value(value)) => {
                headers.insert(AUTHORIZATION, value.clone());
                Ok(())
            }
            (Form::Parameter { name, .. }, Ready::Parameter(pair)) => {
                *target = with_parameter(target, name, pair)?;
                Ok(())
            }
            (_, Ready::Parameter(_) | Ready::InTheConnection) => Ok(()),
        }
    }
}

/// `target` with `pair` behind its query, in which `name` may not stand: which of two would count?
fn with_parameter(target: &Uri, name: &str, pair: &str) -> Result<Uri, CredentialError> {
    let query = target.query().unwrap_or_default();
    if parse(query.as_bytes()).any(|(known, _)| known == name) {
        return Err(CredentialError::Reserved);
    }
    let joint = if query.is_empty() { "?" } else { "&" };
    let text = target.path_and_query().map_or("/", PathAndQuery::as_str).trim_end_matches('?');
    PathAndQuery::try_from(format!("{text}{joint}{pair}"))
        .map(Uri::from)
        .map_err(|_| CredentialError::Reserved)
}

fn value(text: &str) -> Result<HeaderValue, BadCredential> {
    if text.is_empty() || !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(BadCredential::Characters);
    }
    let mut value = HeaderValue::from_str(text).map_err(|_| BadCredential::Characters)?;
    // Keeps it out of debug output and of HTTP/2's header tables.
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match &self.form {
            Form::Header(name) => name.as_str(),
            Form::Parameter { name, .. } => name,
            Form::Basic { .. } => "basic",
            Form::Certificate => "certificate",
        };
        f.debug_struct("Credential")
            .field("form", &form)
            .field("with_token", &self.with_token)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attached(
        credential: &Credential,
        target: &'static str,
    ) -> (HeaderMap, Result<String, CredentialError>) {
        let (mut headers, mut uri) = (HeaderMap::new(), Uri::from_static(target));
        let result = credential.attach(&mut headers, &mut uri);
        (headers, result.map(|()| uri.to_string()))
    }

    #[test]
    fn basic_is_that_of_rfc_7617() {
        // RFC 7617, section 2.
        let credential = Credential::basic("Aladdin").expect("a name");
        credential.replace("open sesame").expect("fits");
        let (headers, _) = attached(&credential, "/x");
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(Credential::basic("a:b").err(), Some(BadCredential::Characters));
    }

    #[test]
    fn a_parameter_is_set_once_and_by_nobody_else() {
        let credential = Credential::parameter("api key", false).expect("a name");
        assert_eq!(attached(&credential, "/x").1, Err(CredentialError::NotThere));
        credential.replace("a&b=c/ä").expect("fits");
        let target = |target| attached(&credential, target).1;
        assert_eq!(target("/x"), Ok("/x?api+key=a%26b%3Dc%2F%C3%A4".to_owned()));
        assert_eq!(target("/x?q=1"), Ok("/x?q=1&api+key=a%26b%3Dc%2F%C3%A4".to_owned()));
        assert_eq!(target("/x?"), Ok("/x?api+key=a%26b%3Dc%2F%C3%A4".to_owned()));
        for spoofed in ["/x?api+key=1", "/x?a&api%20key", "/x?%61pi+key=1"] {
            assert_eq!(target(spoofed), Err(CredentialError::Reserved), "{spoofed}");
        }
    }

    #[test]
    fn a_header_is_one_that_nobody_else_writes_and_a_bad_secret_changes_nothing() {
        for name in [
            "host",
            "connection",
            "content-length",
            "x-forwarded-for",
            "forwarded",
            "te",
            "a b",
            "traceparent",
        ] {
            assert_eq!(Credential::header(name, false).err(), Some(BadCredential::Header), "{name}");
        }
        assert_eq!(Credential::header("authorization", true).err(), Some(BadCredential::TwoInOne));
        let credential = Credential::header("X-Api-Key", true).expect("fits");
        credential.replace("planted-secret").expect("fits");
        for bad in ["", "a\r\nb", "ä"] {
            assert_eq!(credential.replace(bad), Err(BadCredential::Characters));
        }
        assert_eq!(attached(&credential, "/x").0["x-api-key"], "planted-secret");
        assert!(!format!("{credential:?} {:?}", attached(&credential, "/x").0).contains("planted"));
    }
}
