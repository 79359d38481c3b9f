//! Client authentication at the provider's endpoints.

use base64::Engine as _;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::provider::Secret;

/// A form POST to an endpoint of the provider, authenticated by `client_secret_basic` (RFC 6749, section 2.3.1), or by
/// `client_id` alone for a client without a secret.
pub fn form_post(
    endpoint: &Url,
    client_id: &str,
    client_secret: Option<&Secret>,
    fields: &[(&str, &str)],
) -> http::Request<Bytes> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    let mut request = http::Request::post(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    match client_secret {
        Some(secret) => {
            // Both are form-encoded before they are joined, which ordinary Basic authentication does not do.
            let id: String = byte_serialize(client_id.as_bytes()).collect();
            let secret: String = byte_serialize(secret.0.as_bytes()).collect();
            let credential = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
            request = request.header(AUTHORIZATION, format!("Basic {credential}"));
        }
        None => {
            form.append_pair("client_id", client_id);
        }
    }
    request.body(form.finish().into()).expect("a parsed URL and encoded fields make a valid request")
}
