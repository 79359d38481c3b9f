use base64::Engine as _;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use portico_ports::Random;
use time::OffsetDateTime;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::assertion::ASSERTION_TYPE;
use super::{AssertionAudience, ClientAuth};
use crate::signing::SignError;

/// Who calls whom, and when.
pub(crate) struct ClientCall<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) auth: &'a ClientAuth,
    pub(crate) issuer: &'a str,
    pub(crate) token_endpoint: &'a Url,
    pub(crate) now: OffsetDateTime,
    pub(crate) random: &'a dyn Random,
}

/// A form POST to an endpoint of the provider, authenticated as the client is registered.
///
/// # Errors
/// Where an assertion cannot be signed.
pub(crate) fn form_post(
    endpoint: &Url,
    call: &ClientCall<'_>,
    fields: &[(&str, &str)],
) -> Result<http::Request<Bytes>, SignError> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    let mut request = http::Request::post(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    match call.auth {
        ClientAuth::SecretBasic(secret) => {
            request = request.header(AUTHORIZATION, basic(call.client_id, &secret.0));
        }
        auth => {
            // A pushed authorization request names the client among its own parameters already.
            if !fields.iter().any(|(name, _)| *name == "client_id") {
                form.append_pair("client_id", call.client_id);
            }
            append_proof(&mut form, auth, call)?;
        }
    }
    Ok(request.body(form.finish().into()).expect("a parsed URL and encoded fields make a valid request"))
}

fn append_proof(
    form: &mut Serializer<'_, String>,
    auth: &ClientAuth,
    call: &ClientCall<'_>,
) -> Result<(), SignError> {
    match auth {
        ClientAuth::None | ClientAuth::SecretBasic(_) => {}
        ClientAuth::SecretPost(secret) => {
            form.append_pair("client_secret", &secret.0);
        }
        ClientAuth::PrivateKeyJwt(method) => {
            let aud = match method.audience {
                AssertionAudience::Issuer => call.issuer,
                AssertionAudience::TokenEndpoint => call.token_endpoint.as_str(),
            };
            let assertion = method.assertion(call.client_id, aud, call.now, call.random)?;
            form.append_pair("client_assertion_type", ASSERTION_TYPE);
            form.append_pair("client_assertion", &assertion);
        }
    }
    Ok(())
}

/// Both are form-encoded before they are joined, which ordinary Basic authentication does not do (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let client_id: String = byte_serialize(client_id.as_bytes()).collect();
    let secret: String = byte_serialize(secret.as_bytes()).collect();
    let credential = base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:{secret}"));
    format!("Basic {credential}")
}
