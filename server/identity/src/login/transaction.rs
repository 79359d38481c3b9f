use std::fmt;

use portico_ports::{Random, token};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::seal::Sealer;

/// A login that is not finished after this long has to be begun again.
pub const TRANSACTION_LIFETIME: Duration = Duration::minutes(10);

/// A login between its first redirect and its callback. It lives, sealed, in a cookie of the browser that began it, one
/// cookie per login, so that several tabs can log in at once and no store can be filled by strangers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginTransaction {
    /// Comes back with the callback (RFC 6749, section 10.12).
    pub state: String,
    /// Comes back in the id_token.
    pub nonce: String,
    /// RFC 7636.
    pub code_verifier: String,
    /// The issuer this login was sent to (RFC 9700, section 4.4: mix-up).
    pub issuer: String,
    /// A path of this portal.
    pub return_to: String,
    #[serde(with = "time::serde::timestamp")]
    begun_at: OffsetDateTime,
}

impl fmt::Debug for LoginTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginTransaction").field("return_to", &self.return_to).finish_non_exhaustive()
    }
}

/// Why a callback belongs to no login of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// This browser has no such login open: another browser's, finished already, or never begun.
    #[error("this browser has no login open with this state")]
    Unknown,
    /// It took too long.
    #[error("the login was begun too long ago")]
    Expired,
}

const PURPOSE: &str = "login";
const COOKIE_PREFIX: &str = "__Host-portico-login-";
const COOKIE_NAME_CHARS: usize = 12;

impl LoginTransaction {
    /// Begins one, with fresh state, nonce and verifier.
    pub fn begin(issuer: &str, return_to: &str, now: OffsetDateTime, random: &dyn Random) -> Self {
        Self {
            state: token::<24>(random),
            nonce: token::<24>(random),
            code_verifier: token::<48>(random),
            issuer: issuer.to_owned(),
            return_to: return_to.to_owned(),
            begun_at: now,
        }
    }

    /// `Set-Cookie` that binds it to this browser. `Lax`, since the callback is a navigation from another site.
    pub fn set_cookie(&self, sealer: &Sealer, random: &dyn Random) -> String {
        let plain = serde_json::to_vec(self).expect("a transaction always serializes");
        let sealed = sealer.seal(PURPOSE, &plain, random);
        let name = Self::cookie_name(&self.state);
        let max_age = TRANSACTION_LIFETIME.whole_seconds();
        format!("{name}={sealed}; Path=/; Max-Age={max_age}; Secure; HttpOnly; SameSite=Lax")
    }

    /// The transaction that `state` belongs to, among a request's cookies.
    pub fn find<'a>(
        state: &str,
        cookie_headers: impl Iterator<Item = &'a [u8]>,
        sealer: &Sealer,
        now: OffsetDateTime,
    ) -> Result<Self, TransactionError> {
        let wanted = Self::cookie_name(state);
        let sealed = pairs(cookie_headers)
            .find_map(|(name, value)| (name == wanted).then_some(value))
            .ok_or(TransactionError::Unknown)?;
        let plain = sealer.open(PURPOSE, &sealed).map_err(|_| TransactionError::Unknown)?;
        let found: Self = serde_json::from_slice(&plain).map_err(|_| TransactionError::Unknown)?;
        if found.state != state {
            return Err(TransactionError::Unknown);
        }
        if now - found.begun_at > TRANSACTION_LIFETIME {
            return Err(TransactionError::Expired);
        }
        Ok(found)
    }

    /// `Set-Cookie` that forgets the transaction in the cookie with this name.
    pub fn clear_cookie(name: &str) -> String {
        format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }

    /// The name of the cookie that holds the transaction of `state`. Only letters that may stand in a cookie's name:
    /// anything else cannot be a state of ours.
    pub fn cookie_name(state: &str) -> String {
        let part: String = state
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
            .take(COOKIE_NAME_CHARS)
            .collect();
        format!("{COOKIE_PREFIX}{part}")
    }

    /// The names of the transaction cookies a browser sent, for forgetting the oldest when there are too many.
    pub fn cookie_names<'a>(cookie_headers: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
        pairs(cookie_headers).map(|(name, _)| name).filter(|name| name.starts_with(COOKIE_PREFIX)).collect()
    }
}

fn pairs<'a>(headers: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = (String, String)> {
    headers
        .filter_map(|header| std::str::from_utf8(header).ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use portico_ports::OsRandom;

    use super::*;

    fn cookie(transaction: &LoginTransaction, sealer: &Sealer) -> String {
        let set = transaction.set_cookie(sealer, &OsRandom);
        set.split(';').next().expect("a pair").to_owned()
    }

    #[test]
    fn case_05_a_callback_finds_only_the_login_that_this_browser_began() {
        let sealer = Sealer::new(&[[1; 32]]).expect("one key");
        let now = OffsetDateTime::UNIX_EPOCH;
        let mine = LoginTransaction::begin("https://idp", "/todos", now, &OsRandom);
        let other = LoginTransaction::begin("https://idp", "/", now, &OsRandom);
        let jar = format!("{}; {}", cookie(&mine, &sealer), cookie(&other, &sealer));
        let find = |state: &str, jar: &str, at| {
            LoginTransaction::find(state, std::iter::once(jar.as_bytes()), &sealer, at)
        };
        assert_eq!(find(&mine.state, &jar, now), Ok(mine.clone()));
        assert_eq!(
            find(&other.state, &jar, now),
            Ok(other.clone()),
            "a second tab's login does not replace the first"
        );
        assert_eq!(find(&mine.state, &cookie(&other, &sealer), now), Err(TransactionError::Unknown));
        assert_eq!(find(&mine.state, "", now), Err(TransactionError::Unknown));
        let late = now + TRANSACTION_LIFETIME + Duration::seconds(1);
        assert_eq!(find(&mine.state, &jar, late), Err(TransactionError::Expired));
        let moved = format!(
            "{}={}",
            LoginTransaction::cookie_name(&mine.state),
            cookie(&other, &sealer).split_once('=').expect("a pair").1
        );
        assert_eq!(
            find(&mine.state, &moved, now),
            Err(TransactionError::Unknown),
            "another login's cookie under this name"
        );
    }

    #[test]
    fn case_06_state_nonce_and_verifier_are_fresh_for_every_login() {
        let begin = || LoginTransaction::begin("https://idp", "/", OffsetDateTime::UNIX_EPOCH, &OsRandom);
        let (one, two) = (begin(), begin());
        assert!(one.state != two.state && one.nonce != two.nonce && one.code_verifier != two.code_verifier);
        assert!((43..=128).contains(&one.code_verifier.len()), "RFC 7636, section 4.1");
    }
}
