use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE};
use portico_policy::Principal;
use sha2::{Digest as _, Sha256};

use super::rule::{CacheRule, CacheScope};
use super::store::{EntryName, UriMark};
use super::stored::StoredResponse;
use super::vary::Varying;

/// What a call asks for, as far as kept answers are concerned.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The resource for its organization, whoever asks: what a change makes old.
    pub(crate) mark: UriMark,
    /// The answer for those it may be given to.
    pub(crate) name: EntryName,
    /// Calls with one key wait for one another.
    pub(crate) flight: EntryName,
}

impl Asked {
    /// What `principal` asks `remote` for.
    pub(crate) fn of(
        remote: (&str, &str),
        principal: Option<&Principal>,
        rule: &CacheRule,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Self {
        let (id, version) = remote;
        let mark = mark_of(id, principal, path);
        let mut hash = Hash::of("entry");
        hash.add(&mark.0).add(version.as_bytes()).add(spelled(path).as_bytes());
        hash.add(&query.filter(|query| !query.is_empty()).map(spelled).unwrap_or_default().into_bytes());
        match principal {
            // A public route: nothing about the caller goes upstream.
            None => hash.add(b"nobody"),
            Some(principal) => {
                hash.add(b"somebody").add(principal.entitlements.fingerprint().as_bytes());
                match rule.scope {
                    CacheScope::Organization => hash.add(b"organization"),
                    CacheScope::Person => {
                        hash.add(b"person").add(principal.issuer.as_bytes()).add(principal.subject.as_bytes())
                    }
                }
            }
        };
        let name = EntryName(hash.end());
        let mut flight = Hash::of("flight");
        flight.add(&name.0);
        // What upstreams commonly choose an answer by: others would wait for one that is not theirs.
        for field in [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE] {
            flight.add(headers.get(field).map_or(&b""[..], http::HeaderValue::as_bytes));
        }
        Self { mark, name, flight: EntryName(flight.end()) }
    }

    /// The name of `stored` for a request with these fields.
    pub(crate) fn name_of(&self, stored: &StoredResponse, headers: &HeaderMap) -> EntryName {
        self.variant(&stored.varying, headers)
    }

    /// The name of the answer for a request with these values of the fields that it depends on.
    pub(crate) fn variant(&self, varying: &Varying, headers: &HeaderMap) -> EntryName {
        let mut hash = Hash::of("variant");
        hash.add(&self.name.0);
        varying.values(headers, |name, value| {
            hash.add(name.as_bytes()).add(value);
        });
        EntryName(hash.end())
    }
}

/// What a change at `path` makes old: the resource, and everything above it, since a list is another when an item is
/// (RFC 9111, section 4.4, asks for the former and permits the latter).
pub(crate) fn marks_of(remote: &str, principal: Option<&Principal>, path: &str) -> Vec<UriMark> {
    let mut marks = vec![mark_of(remote, principal, path)];
    let mut rest = path.trim_end_matches('/');
    while let Some((parent, _)) = rest.rsplit_once('/') {
        marks.push(mark_of(remote, principal, parent));
        rest = parent;
    }
    marks
}

fn mark_of(remote: &str, principal: Option<&Principal>, path: &str) -> UriMark {
    let mut hash = Hash::of("uri");
    let organization = principal.map_or("", |principal| &principal.organization);
    hash.add(remote.as_bytes()).add(organization.as_bytes());
    hash.add(spelled(path.trim_end_matches('/')).as_bytes());
    UriMark(hash.end())
}

/// One spelling of escapes (RFC 3986, section 6.2.2.1): `%c3` is `%C3`.
fn spelled(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut hex = 0;
    for letter in text.chars() {
        spelled.push(if hex > 0 { letter.to_ascii_uppercase() } else { letter });
        hex = if letter == '%' { 2 } else { i32::max(hex - 1, 0) };
    }
    spelled
}

/// Parts with their lengths, so that no two lists of parts are the same bytes. A collision would hand one tenant the
/// answer of another, which is why this is a cryptographic hash.
struct Hash(Sha256);

impl Hash {
    fn of(kind: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.add(kind.as_bytes());
        hash
    }

    fn add(&mut self, part: &[u8]) -> &mut Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
