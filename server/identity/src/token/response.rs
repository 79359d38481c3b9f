use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::introspection::introspect;
use super::jwt::{self, AccessTokenClaims, Reading};
use super::{
    AudienceEvidence, BearerToken, ExchangeError, ExchangeRequest, ExchangedToken, IntrospectionPolicy,
    Scope, Subject,
};
use crate::answer::{self, Failure, Unreadable};
use crate::provider::Provider;

/// The token type that is asked for and expected (RFC 8693, section 3).
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// RFC 8693, section 2.2.1. Anything else in the answer, a refresh token say, is not even read.
#[derive(Deserialize)]
struct Success {
    access_token: String,
    issued_token_type: Option<String>,
    token_type: String,
    expires_in: Option<i64>,
    scope: Option<String>,
}

/// What an answer must fit, beyond the request itself.
pub(super) struct Expected<'a> {
    pub(super) request: &'a ExchangeRequest<'a>,
    /// Whether `issued_token_type` must be there, as RFC 8693 says; other grants have no such member.
    pub(super) issued_token_type: bool,
    /// Another value that stands for the audience in `aud`.
    pub(super) alias: Option<&'a str>,
    /// What the provider writes before the values of a scope and this portal does not.
    pub(super) scope_prefix: Option<&'a str>,
    /// What the scope must not exceed; none where everything that the provider ever granted was asked for.
    pub(super) scope: Option<&'a Scope>,
    /// Who must stand in the token as the one that acts for the subject (RFC 8693, section 4.1).
    pub(super) actor: Option<ActorNames<'a>>,
    /// Whether the token must name the organization.
    pub(super) organization: bool,
    pub(super) introspection: IntrospectionPolicy,
}

/// What the portal may be called where it acts for someone.
#[derive(Clone, Copy)]
pub(super) struct ActorNames<'a> {
    /// The `sub` of its own token, where that can be read.
    pub(super) sub: Option<&'a str>,
    pub(super) client_id: &'a str,
}

impl<'a> Expected<'a> {
    /// What RFC 8693 says of the answer to `request`.
    pub(super) fn of(request: &'a ExchangeRequest<'a>) -> Self {
        Self {
            request,
            issued_token_type: true,
            alias: None,
            scope_prefix: None,
            scope: Some(request.scope),
            actor: None,
            organization: false,
            introspection: IntrospectionPolicy::Never,
        }
    }
}

/// No token counts as current for longer, whatever the provider says: a revocation must take effect some time.
pub(super) const LONGEST_LIFETIME: Duration = Duration::hours(1);
/// What an opaque token without `expires_in` is trusted for (RFC 6749, section 5.1, only recommends the field).
const ASSUMED_LIFETIME: Duration = Duration::minutes(1);

/// Reads the provider's answer and holds it against what was asked (case 36).
pub(super) async fn accept(
    provider: &Provider,
    response: &Response<Bytes>,
    expected: &Expected<'_>,
) -> Result<ExchangedToken, ExchangeError> {
    if response.status() != StatusCode::OK {
        return Err(failure(response));
    }
    let success = parse(response)?;
    check_types(&success, expected)?;
    if expected.request.subject == Subject::Person(&success.access_token) {
        return Err(ExchangeError::Answer("it gave the subject token back"));
    }
    let token = BearerToken::parse(success.access_token)
        .ok_or(ExchangeError::Answer("access_token is not a bearer token"))?;
    let (claims, audience_evidence) = claims(provider, &token, expected.introspection).await?;
    if let Some(claims) = &claims {
        check_audience(claims, expected)?;
        check_organization(claims, expected)?;
    } else if expected.organization {
        return Err(ExchangeError::Answer("nothing says which organization the access token is for"));
    }
    if let Some(actor) = expected.actor {
        check_actor(claims.as_ref(), actor)?;
    }
    let expiring = claims.as_ref().filter(|_| audience_evidence == AudienceEvidence::Claim);
    if expiring.is_some_and(|claims| claims.exp.is_none()) {
        return Err(ExchangeError::Answer("the access token never expires"));
    }
    Ok(ExchangedToken {
        token,
        audience: expected.request.audience.to_owned(),
        audience_evidence,
        scope: scope(success.scope.as_deref(), claims.as_ref(), expected)?,
        expires_at: expires_at(success.expires_in, claims.as_ref(), provider.now())?,
    })
}

/// The body of a successful answer, as far as it can be one.
fn parse(response: &Response<Bytes>) -> Result<Success, ExchangeError> {
    answer::json(response).map_err(|unreadable| match unreadable {
        Unreadable::Malformed => ExchangeError::Answer("it is not a token response"),
        other => ExchangeError::Answer(other.as_str()),
    })
}

/// An answer without a token. A gateway's page or a redirect is no refusal by the provider.
pub(super) fn failure(response: &Response<Bytes>) -> ExchangeError {
    match answer::failure(response) {
        Failure::Unavailable(why) => ExchangeError::Unavailable(why),
        Failure::Refused(code) => ExchangeError::Refused { code },
        Failure::Neither => ExchangeError::Answer("it is neither a token nor an OAuth error"),
    }
}

fn check_types(success: &Success, expected: &Expected<'_>) -> Result<(), ExchangeError> {
    match success.issued_token_type.as_deref() {
        Some(ACCESS_TOKEN) => {}
        Some(_) => return Err(ExchangeError::Answer("issued_token_type is not access_token")),
        None if expected.issued_token_type => {
            return Err(ExchangeError::Answer("issued_token_type is missing"));
        }
        None => {}
    }
    if success.token_type.eq_ignore_ascii_case("bearer") {
        Ok(())
    } else {
        Err(ExchangeError::Answer("token_type is not Bearer"))
    }
}

/// What is known of the token, and from where.
async fn claims(
    provider: &Provider,
    token: &BearerToken,
    introspection: IntrospectionPolicy,
) -> Result<(Option<AccessTokenClaims>, AudienceEvidence), ExchangeError> {
    match (jwt::read(token.secret()), introspection) {
        (Reading::Claims(claims), _) => Ok((Some(*claims), AudienceEvidence::Claim)),
        (Reading::Unreadable, _) => {
            Err(ExchangeError::Answer("the claims of the access token cannot be read"))
        }
        (Reading::Opaque, IntrospectionPolicy::OpaqueTokens) => {
            Ok((Some(introspect(provider, token).await?), AudienceEvidence::Introspection))
        }
        (Reading::Opaque, IntrospectionPolicy::Never) => Ok((None, AudienceEvidence::Unverified)),
    }
}

fn check_audience(claims: &AccessTokenClaims, expected: &Expected<'_>) -> Result<(), ExchangeError> {
    let asked = expected.request;
    let mut named = false;
    for audience in claims.audiences() {
        let this = audience == asked.audience || Some(audience) == expected.alias;
        named |= this;
        if !this && Some(audience) != asked.resource {
            return Err(ExchangeError::Answer("the access token is for another audience too"));
        }
    }
    if named {
        Ok(())
    } else {
        Err(ExchangeError::Answer("the access token is not for the audience asked for"))
    }
}

/// A token of another organization would show one tenant another's data, whatever the session says (case 50).
fn check_organization(claims: &AccessTokenClaims, expected: &Expected<'_>) -> Result<(), ExchangeError> {
    match (claims.org_id.as_deref(), expected.request.organization) {
        (None, _) if expected.organization => {
            Err(ExchangeError::Answer("nothing says which organization the access token is for"))
        }
        (None, _) => Ok(()),
        (Some(stated), Some(asked)) if stated == asked => Ok(()),
        (Some(_), _) => Err(ExchangeError::Answer("the access token is for another organization")),
    }
}

/// Whoever acts must be the portal.
fn check_actor(claims: Option<&AccessTokenClaims>, portal: ActorNames<'_>) -> Result<(), ExchangeError> {
    let actor = claims.and_then(AccessTokenClaims::actor);
    let actor = actor.ok_or(ExchangeError::Answer("the access token names no actor"))?;
    let by_sub = actor.sub.as_deref().is_some_and(|sub| Some(sub) == portal.sub || sub == portal.client_id);
    if by_sub || actor.client_id.as_deref() == Some(portal.client_id) {
        Ok(())
    } else {
        Err(ExchangeError::Answer("the access token names another actor"))
    }
}

/// The response and the token may both state the scope; neither may be wider. Without either it is what was asked
/// (RFC 6749, section 5.1).
fn scope(
    stated: Option<&str>,
    claims: Option<&AccessTokenClaims>,
    expected: &Expected<'_>,
) -> Result<Scope, ExchangeError> {
    let plain = |scope: Scope| match expected.scope_prefix {
        Some(prefix) => scope.without_prefix(prefix),
        None => scope,
    };
    let stated = stated.map(Scope::parse).map(plain);
    let in_token = claims.and_then(AccessTokenClaims::scope).map(plain);
    if let Some(limit) = expected.scope
        && stated.iter().chain(&in_token).any(|scope| !scope.is_within(limit))
    {
        return Err(ExchangeError::Answer("the scope is wider than asked"));
    }
    let asked = expected.scope.unwrap_or(expected.request.scope);
    Ok(in_token.or(stated).unwrap_or_else(|| asked.clone()))
}

fn expires_at(
    expires_in: Option<i64>,
    claims: Option<&AccessTokenClaims>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, ExchangeError> {
    // A float as large as a provider cares to send saturates here and is bounded below.
    let by_claim = claims.and_then(|claims| claims.exp);
    let by_claim = by_claim.map(|exp| (exp as i64).saturating_sub(now.unix_timestamp()));
    let seconds = match (expires_in, by_claim) {
        (Some(stated), Some(claimed)) => stated.min(claimed),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => ASSUMED_LIFETIME.whole_seconds(),
    };
    if seconds <= 0 {
        return Err(ExchangeError::Answer("the access token has expired"));
    }
    Ok(now + Duration::seconds(seconds).min(LONGEST_LIFETIME))
}
