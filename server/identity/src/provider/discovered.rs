use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, Client, ClientId, ClientSecret, DiscoveryError,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IdTokenFields, IssuerUrl, ProviderMetadata, RedirectUrl, StandardErrorResponse, StandardTokenResponse,
};
use portico_ports::{HttpClient, HttpClientError};
use serde::{Deserialize, Serialize};
use url::Url;

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
        EmptyExtraTokenFields,
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
    pub(crate) extras: Extras,
    pub(crate) token_endpoint: Url,
}

/// Reads the discovery document and the key set (OpenID Connect Discovery 1.0, section 4). The document's issuer must be
/// the configured one, which `openidconnect` checks.
pub(crate) async fn discover(
    config: &ProviderConfig,
    http: &dyn HttpClient,
) -> Result<Discovered, ProviderError> {
    // `Url` writes an empty path as "/", which an issuer without one does not have.
    let issuer = config.issuer.as_str().trim_end_matches('/').to_owned();
    let issuer = IssuerUrl::new(issuer).map_err(|error| ProviderError::Nonsense(error.to_string()))?;
    let metadata = Metadata::discover_async(issuer, &Outbound(http)).await.map_err(|error| match error {
        DiscoveryError::Request(error) => ProviderError::from(error),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            ProviderError::Unavailable(format!("discovery answered {status}"))
        }
        other => ProviderError::Nonsense(format!("discovery: {other}")),
    })?;
    let extras = metadata.additional_metadata().clone();
    let token_endpoint = metadata
        .token_endpoint()
        .ok_or_else(|| ProviderError::Nonsense("discovery names no token_endpoint".into()))?
        .url()
        .clone();
    let client = OidcClient::from_provider_metadata(
        metadata,
        ClientId::new(config.client_id.clone()),
        config.client_secret.as_ref().map(|secret| ClientSecret::new(secret.0.clone())),
    )
    .set_redirect_uri(RedirectUrl::from_url(config.redirect_uri.clone()));
    Ok(Discovered { client, extras, token_endpoint })
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
