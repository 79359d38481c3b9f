use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use url::form_urlencoded;

use crate::config::Client;
use crate::idp::DevIdp;
use crate::params::Params;
use crate::secret;

/// Why a client was not let in.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ClientAuthError {
    /// No known client with that secret. `basic` says that it tried the `Authorization` header.
    #[error("the client did not authenticate")]
    Refused {
        /// Whether a `WWW-Authenticate` challenge is owed (RFC 6749, section 5.2).
        basic: bool,
    },
    /// RFC 6749, section 2.3: one method per request.
    #[error("the client used more than one way to authenticate")]
    SeveralMethods,
}

/// The client that a request authenticates as, by `client_secret_basic` or `client_secret_post`.
pub(crate) fn authenticate<'a>(
    idp: &'a DevIdp,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, ClientAuthError> {
    let authorization: Vec<_> = headers.get_all(header::AUTHORIZATION).iter().collect();
    let posted = params.all("client_secret").next().is_some();
    match authorization.as_slice() {
        [] => {
            let refused = ClientAuthError::Refused { basic: false };
            let (Ok(Some(client_id)), Ok(Some(client_secret))) =
                (params.one("client_id"), params.one("client_secret"))
            else {
                return Err(refused);
            };
            check(idp, client_id, client_secret).ok_or(refused)
        }
        [_] if posted => Err(ClientAuthError::SeveralMethods),
        [value] => {
            let refused = ClientAuthError::Refused { basic: true };
            let Some((client_id, client_secret)) = value.to_str().ok().and_then(basic_credentials) else {
                return Err(refused);
            };
            // A client may repeat its id in the body; another one's id is a mistake worth refusing.
            if params.all("client_id").any(|other| other != client_id) {
                return Err(refused);
            }
            check(idp, &client_id, &client_secret).ok_or(refused)
        }
        _ => Err(ClientAuthError::SeveralMethods),
    }
}

/// Id and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
fn basic_credentials(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, client_secret) = decoded.split_once(':')?;
    Some((form_decoded(client_id), form_decoded(client_secret)))
}

fn form_decoded(value: &str) -> String {
    // A bare value parses as one name without a value; `=` and `&` arrive encoded.
    form_urlencoded::parse(value.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

fn check<'a>(idp: &'a DevIdp, client_id: &str, client_secret: &str) -> Option<&'a Client> {
    idp.client(client_id).filter(|client| secret::equal(&client.client_secret, client_secret))
}
