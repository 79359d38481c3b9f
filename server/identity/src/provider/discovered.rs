use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, Client, ClientId, DiscoveryError, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, JsonWebKeySet, ProviderMetadata,
    RedirectUrl, StandardErrorResponse, StandardTokenResponse,
};
use portico_ports::{HttpClient, HttpClientError};
use serde::{Deserialize, Serialize};
use url::Url;

use super::tokens::RefreshLifetime;
use super::{PortalClaims, ProviderConfig, ProviderError};

/// What Portico reads of a discovery document beyond what `openidconnect` knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extras {
    /// RFC 9207, section 3.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
    /// RP-Initiated Logout 1.0, section 2.1.
    #[serde(default)]
    pub(crate) end_session_endpoint: Option<Url>,
    /// RFC 8414, section 2.
    #[serde(default)]
    pub(crate) revocation_endpoint: Option<Url>,
    /// RFC 8414, section 2.
    #[serde(default)]
    pub(crate) introspection_endpoint: Option<Url>,
    /// RFC 9126, section 5.
    #[serde(default)]
    pub(crate) pushed_authorization_request_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for Extras {}

type Metadata = ProviderMetadata<
    Extras,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(crate) type TokenAnswer = StandardTokenResponse<
    IdTokenFields<
        PortalClaims,
        RefreshLifetime,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(crate) type OidcClient = Client<
    PortalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider as its discovery document and key set describe it.
#[derive(Debug)]
pub(crate) struct Discovered {
    pub(crate) client: OidcClient,
    /// The issuer identifier as the document writes it, with or without a slash at its end: what `iss` must be.
    pub(crate) issuer: String,
    pub(crate) keys: Vec<CoreJsonWebKey>,
    pub(crate) extras: Extras,
    pub(crate) token_endpoint: Url,
}

/// Reads the discovery document and the key set (OpenID Connect Discovery 1.0, section 4).
pub(crate) async fn discover(
    config: &ProviderConfig,
    http: &dyn HttpClient,
) -> Result<Discovered, ProviderError> {
    let metadata = metadata(config, http).await?;
    let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), &Outbound(http)).await;
    let keys: Vec<CoreJsonWebKey> = keys.map_err(key_set_error)?.keys().clone();
    let metadata = metadata.set_jwks(JsonWebKeySet::new(keys.clone()));
    let extras = metadata.additional_metadata().clone();
    let issuer = metadata.issuer().to_string();
    let token_endpoint = metadata
        .token_endpoint()
        .ok_or_else(|| ProviderError::Nonsense("discovery names no token_endpoint".into()))?
        .url()
        .clone();
    // It only builds authorization requests and verifies id_tokens; whoever calls an endpoint authenticates there.
    let client = OidcClient::from_provider_metadata(metadata, ClientId::new(config.client_id.clone()), None)
        .set_redirect_uri(RedirectUrl::from_url(config.redirect_uri.clone()));
    Ok(Discovered { client, issuer, keys, extras, token_endpoint })
}

/// The discovery document, whose issuer must be the configured one (case 8).
///
/// A slash at the end makes no difference here, since both forms lead to this very document (section 4.1) and a `Url`
/// cannot tell them apart where there is no path; some providers have the slash in their identifier, others do not.
async fn metadata(config: &ProviderConfig, http: &dyn HttpClient) -> Result<Metadata, ProviderError> {
    let issuer = config.issuer.as_str().trim_end_matches('/');
    let request = http::Request::get(format!("{issuer}/.well-known/openid-configuration"))
        .header(http::header::ACCEPT, "application/json")
        .body(bytes::Bytes::new())
        .map_err(|error| ProviderError::Nonsense(format!("the issuer's URL: {error}")))?;
    let answer = http.send(request).await?;
    let status = answer.status();
    if status.is_server_error() {
        return Err(ProviderError::Unavailable(format!("discovery answered {status}")));
    }
    if status != http::StatusCode::OK {
        return Err(ProviderError::Nonsense(format!("discovery answered {status}")));
    }
    let metadata: Metadata = serde_json::from_slice(answer.body())
        .map_err(|error| ProviderError::Nonsense(format!("the discovery document: {error}")))?;
    let stated = metadata.issuer().as_str();
    if stated.trim_end_matches('/') == issuer {
        Ok(metadata)
    } else {
        Err(ProviderError::Nonsense(format!(
            "the discovery document is of the issuer {stated:?}, not of {issuer:?}"
        )))
    }
}

fn key_set_error(error: DiscoveryError<HttpClientError>) -> ProviderError {
    match error {
        DiscoveryError::Request(error) => error.into(),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            ProviderError::Unavailable(format!("the key set's address answered {status}"))
        }
        other => ProviderError::Nonsense(format!("the key set: {other}")),
    }
}

/// The outbound port, in the form that `openidconnect` calls.
pub(crate) struct Outbound<'a>(pub(crate) &'a dyn HttpClient);

impl<'c> AsyncHttpClient<'c> for Outbound<'_> {
    type Error = HttpClientError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, HttpClientError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.send(request.map(Into::into)).await?;
            Ok(answer.map(Into::into))
        })
    }
}
