use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::jwt::{self, AccessTokenClaims, Reading};
use super::{BearerToken, ExchangeError, ExchangeRequest, ExchangedToken, Scope};
use crate::answer::{self, Failure, Unreadable};

/// The token type that is asked for and expected (RFC 8693, section 3).
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// RFC 8693, section 2.2.1. Anything else in the answer, a refresh token say, is not even read.
#[derive(Deserialize)]
struct Success {
    access_token: String,
    issued_token_type: String,
    token_type: String,
    expires_in: Option<i64>,
    scope: Option<String>,
}

/// No token counts as current for longer, whatever the provider says: a revocation must take effect some time.
const LONGEST_LIFETIME: Duration = Duration::hours(1);
/// What an opaque token without `expires_in` is trusted for (RFC 6749, section 5.1, only recommends the field).
const ASSUMED_LIFETIME: Duration = Duration::minutes(1);
/// Reads the provider's answer and holds it against what was asked (case 36).
pub(super) fn read(
    response: &Response<Bytes>,
    asked: &ExchangeRequest<'_>,
    now: OffsetDateTime,
) -> Result<ExchangedToken, ExchangeError> {
    if response.status() != StatusCode::OK {
        return Err(failure(response));
    }
    let success = parse(response)?;
    if success.issued_token_type != ACCESS_TOKEN {
        return Err(ExchangeError::Answer("issued_token_type is not access_token"));
    }
    if !success.token_type.eq_ignore_ascii_case("bearer") {
        return Err(ExchangeError::Answer("token_type is not Bearer"));
    }
    if success.access_token == asked.subject_token {
        return Err(ExchangeError::Answer("it gave the subject token back"));
    }
    let token = BearerToken::parse(success.access_token)
        .ok_or(ExchangeError::Answer("access_token is not a bearer token"))?;
    let claims = match jwt::read(token.secret()) {
        Reading::Opaque => None,
        Reading::Claims(claims) => Some(claims),
        Reading::Unreadable => {
            return Err(ExchangeError::Answer("the claims of the access token cannot be read"));
        }
    };
    if let Some(claims) = &claims {
        check_audience(claims, asked)?;
    }
    Ok(ExchangedToken {
        token,
        audience: asked.audience.to_owned(),
        scope: scope(success.scope.as_deref(), claims.as_ref(), asked.scope)?,
        expires_at: expires_at(success.expires_in, claims.as_ref(), now)?,
    })
}

fn parse(response: &Response<Bytes>) -> Result<Success, ExchangeError> {
    answer::json(response).map_err(|unreadable| match unreadable {
        Unreadable::Malformed => ExchangeError::Answer("it is not a token response"),
        other => ExchangeError::Answer(other.as_str()),
    })
}

fn failure(response: &Response<Bytes>) -> ExchangeError {
    match answer::failure(response) {
        Failure::Unavailable(why) => ExchangeError::Unavailable(why),
        Failure::Refused(code) => ExchangeError::Refused { code },
        Failure::Neither => ExchangeError::Answer("it is neither a token nor an OAuth error"),
    }
}

fn check_audience(claims: &AccessTokenClaims, asked: &ExchangeRequest<'_>) -> Result<(), ExchangeError> {
    let mut named = false;
    for audience in claims.audiences() {
        named |= audience == asked.audience;
        if audience != asked.audience && Some(audience) != asked.resource {
            return Err(ExchangeError::Answer("the access token is for another audience too"));
        }
    }
    if named {
        Ok(())
    } else {
        Err(ExchangeError::Answer("the access token is not for the audience asked for"))
    }
}

/// The response and the token may both state the scope; neither may be wider. Without either it is what was asked
/// (RFC 6749, section 5.1).
fn scope(
    stated: Option<&str>,
    claims: Option<&AccessTokenClaims>,
    asked: &Scope,
) -> Result<Scope, ExchangeError> {
    let stated = stated.map(Scope::parse);
    let in_token = claims.and_then(AccessTokenClaims::scope);
    if stated.iter().chain(&in_token).any(|scope| !scope.is_within(asked)) {
        return Err(ExchangeError::Answer("the scope is wider than asked"));
    }
    Ok(in_token.or(stated).unwrap_or_else(|| asked.clone()))
}

fn expires_at(
    expires_in: Option<i64>,
    claims: Option<&AccessTokenClaims>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, ExchangeError> {
    let by_claim = match claims {
        None => None,
        Some(claims) => Some(claims.exp.ok_or(ExchangeError::Answer("the access token never expires"))?),
    };
    // A float as large as a provider cares to send saturates here and is bounded below.
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
