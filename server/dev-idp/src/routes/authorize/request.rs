use thiserror::Error;
use url::Url;

use crate::config::Client;
use crate::idp::{DevIdp, is_registered};
use crate::params::{Params, Repeated};
use crate::pkce;
use crate::scope::Scope;

/// An authorization request that may be answered at its `redirect_uri`.
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) client: &'a Client,
    pub(crate) redirect_uri: Url,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: String,
    pub(crate) scope: Scope,
    pub(crate) prompt: Prompt,
    pub(crate) login_hint: Option<String>,
    pub(crate) organization: Option<String>,
    /// In seconds.
    pub(crate) max_age: Option<i64>,
}

/// What the client asks of the sign-in page (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Shown when needed.
    WhenNeeded,
    /// Never shown.
    None,
    /// Always shown: `login` or `select_account`.
    Always,
}

/// What the client is told in the redirect (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{code}: {description}")]
pub(crate) struct AuthorizationError {
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
}

/// A request that is not granted.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot be trusted with a redirect: the person sees a page.
    Page(&'static str),
    /// The client is told.
    Redirect { redirect_uri: Box<Url>, state: Option<String>, error: AuthorizationError },
}

impl<'a> AuthorizationRequest<'a> {
    pub(crate) fn parse(idp: &'a DevIdp, params: &Params) -> Result<Self, Refusal> {
        // Until client and redirect_uri are known to belong together, nothing may be sent anywhere.
        let client = params.one("client_id").ok().flatten().and_then(|client_id| idp.client(client_id));
        let client = client.ok_or(Refusal::Page("The application that sent you here is not known."))?;
        let redirect_uri = params.one("redirect_uri").ok().flatten();
        let redirect_uri = redirect_uri
            .filter(|uri| is_registered(uri, &client.redirect_uris))
            .and_then(|uri| Url::parse(uri).ok())
            .ok_or(Refusal::Page(
                "The application asked to be answered at an address that is not registered.",
            ))?;

        let state = params.one("state").ok().flatten().map(str::to_owned);
        parse_rest(client, &redirect_uri, state.clone(), params).map_err(|error| Refusal::Redirect {
            redirect_uri: Box::new(redirect_uri),
            state,
            error,
        })
    }

    pub(crate) fn refusal(&self, error: AuthorizationError) -> Refusal {
        Refusal::Redirect {
            redirect_uri: Box::new(self.redirect_uri.clone()),
            state: self.state.clone(),
            error,
        }
    }
}

fn parse_rest<'a>(
    client: &'a Client,
    redirect_uri: &Url,
    state: Option<String>,
    params: &Params,
) -> Result<AuthorizationRequest<'a>, AuthorizationError> {
    refuse_unsupported(params)?;
    let owned = |name| params.one(name).map(|value| value.map(str::to_owned));
    let scope = Scope::parse(params.one("scope")?.unwrap_or_default());
    if !scope.contains("openid") {
        return Err(AuthorizationError { code: "invalid_scope", description: "scope must contain openid" });
    }
    Ok(AuthorizationRequest {
        client,
        redirect_uri: redirect_uri.clone(),
        state,
        nonce: owned("nonce")?,
        code_challenge: code_challenge(params)?,
        scope: scope.for_login(),
        prompt: prompt(params)?,
        login_hint: owned("login_hint")?,
        organization: owned("organization")?,
        max_age: max_age(params)?,
    })
}

fn refuse_unsupported(params: &Params) -> Result<(), AuthorizationError> {
    params.one("state")?;
    for (name, code) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
        if params.one(name)?.is_some() {
            return Err(AuthorizationError { code, description: "send the parameters themselves" });
        }
    }
    if params.one("response_type")? != Some("code") {
        let description = "response_type must be code";
        return Err(AuthorizationError { code: "unsupported_response_type", description });
    }
    if params.one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(invalid("response_mode must be query"));
    }
    Ok(())
}

fn code_challenge(params: &Params) -> Result<String, AuthorizationError> {
    // A missing method means `plain` (RFC 7636, section 4.3), which is refused like any other.
    if params.one("code_challenge_method")? != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let challenge = params.one("code_challenge")?.filter(|challenge| pkce::is_s256_challenge(challenge));
    challenge.map(str::to_owned).ok_or(invalid("code_challenge must be the base64url of a SHA-256 hash"))
}

fn prompt(params: &Params) -> Result<Prompt, AuthorizationError> {
    let values: Vec<_> =
        params.one("prompt")?.unwrap_or_default().split(' ').filter(|value| !value.is_empty()).collect();
    match values.as_slice() {
        [] => Ok(Prompt::WhenNeeded),
        ["none"] => Ok(Prompt::None),
        several if several.contains(&"none") => Err(invalid("prompt=none stands alone")),
        several if several.iter().all(|value| ["login", "select_account", "consent"].contains(value)) => {
            // There is nothing to consent to: the demo's clients are the operator's own.
            let asks = several.iter().any(|value| *value != "consent");
            Ok(if asks { Prompt::Always } else { Prompt::WhenNeeded })
        }
        _ => Err(invalid("prompt has a value that is not supported")),
    }
}

fn max_age(params: &Params) -> Result<Option<i64>, AuthorizationError> {
    let parse =
        |value: &str| value.parse::<u32>().map(i64::from).map_err(|_| invalid("max_age must be in seconds"));
    params.one("max_age")?.map(parse).transpose()
}

fn invalid(description: &'static str) -> AuthorizationError {
    AuthorizationError { code: "invalid_request", description }
}

impl From<Repeated> for AuthorizationError {
    fn from(_: Repeated) -> Self {
        invalid("a parameter was sent more than once")
    }
}
