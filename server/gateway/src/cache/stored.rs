use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE, TRAILER,
};
use http::{Request, Response, StatusCode, Uri};
use http_cache_semantics::{AfterResponse, BeforeRequest, CachePolicy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::conditions::{Conditions, without_representation};
use super::freshness::{
    LONGEST, Standing, Windows, options, request_for_policy, response_for_policy, standing, windows,
};
use super::rule::CacheRule;
use super::vary::Varying;
use crate::body::AnswerBody;

/// What is kept under one name.
#[derive(Clone, Debug)]
pub enum Kept {
    /// An answer.
    Answer(Arc<StoredResponse>),
    /// Answers are kept by the values of these request fields.
    Varies(Arc<Vec<String>>),
}

/// A whole answer, as the browser gets it, and what decides about its use.
#[derive(Debug)]
pub struct StoredResponse {
    policy: CachePolicy,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    fresh_until: SystemTime,
    windows: Windows,
    pub(super) varying: Varying,
    pub(super) generation: u64,
    /// Whether the upstream can be asked if it still holds.
    validated: bool,
}

/// How long an answer with a validator is kept after it counts for nothing else: asking whether it still holds costs less
/// than fetching it.
const FOR_VALIDATION: Duration = Duration::from_secs(600);

/// An upstream's answer before it is known whether it is kept.
pub(crate) struct Fetched<'a> {
    pub(crate) uri: &'a Uri,
    /// The caller's fields.
    pub(crate) request: &'a HeaderMap,
    /// Whether a token went with it.
    pub(crate) authorized: bool,
    pub(crate) status: StatusCode,
    /// The upstream's fields, as they came.
    pub(crate) raw: &'a HeaderMap,
    pub(crate) rule: &'a CacheRule,
    pub(crate) generation: u64,
    pub(crate) now: SystemTime,
}

/// An answer that may be kept, but for its body.
pub(crate) struct Draft {
    policy: CachePolicy,
    status: StatusCode,
    fresh_until: SystemTime,
    windows: Windows,
    varying: Varying,
    generation: u64,
    validated: bool,
}

impl Fetched<'_> {
    /// Decides whether the answer may be kept, and is worth it.
    pub(crate) fn draft(self) -> Option<Draft> {
        const KEPT: [u16; 6] = [200, 203, 301, 308, 404, 410];
        if !KEPT.contains(&self.status.as_u16()) || self.raw.contains_key(SET_COOKIE) || is_stream(self.raw) {
            return None;
        }
        let varying = Varying::of(self.raw, self.rule.scope)?;
        let request = request_for_policy(self.uri, self.request, self.authorized);
        let response = response_for_policy(self.status, self.raw, self.rule);
        let policy = CachePolicy::new_options(&request, &response, self.now, options(self.rule.scope));
        let windows = windows(self.raw, self.rule);
        let lifetime = policy.time_to_live(self.now).min(Duration::from_secs(LONGEST.into()));
        let lasts = !lifetime.is_zero() || windows != Windows::default();
        let validated = [ETAG, LAST_MODIFIED].iter().any(|name| self.raw.contains_key(name));
        if !policy.is_storable() || !(lasts || validated) {
            return None;
        }
        let (fresh_until, generation) = (self.now + lifetime, self.generation);
        Some(Draft { policy, status: self.status, fresh_until, windows, varying, generation, validated })
    }
}

impl Draft {
    /// The answer with its body, and with the fields that browsers get.
    pub(crate) fn with(self, mut headers: HeaderMap, body: Bytes) -> StoredResponse {
        headers.insert(CONTENT_LENGTH, body.len().into());
        // Trailers are not kept, so none is promised (RFC 9111, section 3.1).
        headers.remove(TRAILER);
        if !headers.contains_key(ETAG) && self.status == StatusCode::OK {
            headers.insert(ETAG, tag_of(&body));
        }
        let Self { policy, status, fresh_until, windows, varying, generation, validated } = self;
        StoredResponse { policy, status, headers, body, fresh_until, windows, varying, generation, validated }
    }
}

impl StoredResponse {
    /// Whether and how it may be used for a request at `now`.
    pub(crate) fn standing(&self, request: &Request<()>, now: SystemTime) -> Standing {
        standing(&self.policy, self.windows, self.fresh_until, request, now)
    }

    /// What to ask the upstream with whether it still holds; nothing where it gave no validator.
    pub(crate) fn validators(
        &self,
        request: &Request<()>,
        now: SystemTime,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let BeforeRequest::Stale { request, .. } = self.policy.before_request(request, now) else {
            return Vec::new();
        };
        let field = |name: HeaderName| Some((name.clone(), request.headers.get(&name)?.clone()));
        [IF_NONE_MATCH, IF_MODIFIED_SINCE].into_iter().filter_map(field).collect()
    }

    /// The answer after the upstream said that it still holds (RFC 9111, section 4.3.4); none where it said so of another.
    pub(crate) fn renewed(&self, fetched: &Fetched<'_>, headers: &HeaderMap) -> Option<Self> {
        let request = request_for_policy(fetched.uri, fetched.request, fetched.authorized);
        let mut not_modified = response_for_policy(StatusCode::OK, fetched.raw, fetched.rule);
        *not_modified.status_mut() = StatusCode::NOT_MODIFIED;
        let AfterResponse::NotModified(policy, _) =
            self.policy.after_response(&request, &not_modified, fetched.now)
        else {
            return None;
        };
        let mut merged = self.headers.clone();
        let is_kept =
            |name: &&HeaderName| name.as_str().starts_with("content-") || *name == ETAG || *name == TRAILER;
        for name in headers.keys().filter(|name| !is_kept(name)) {
            merged.remove(name);
            headers.get_all(name).iter().for_each(|value| {
                merged.append(name.clone(), value.clone());
            });
        }
        let lifetime = policy.time_to_live(fetched.now).min(Duration::from_secs(LONGEST.into()));
        Some(Self {
            fresh_until: fetched.now + lifetime,
            policy,
            status: self.status,
            headers: merged,
            body: self.body.clone(),
            windows: self.windows,
            varying: self.varying.clone(),
            generation: fetched.generation,
            validated: true,
        })
    }

    /// It as an answer to a request with these conditions; `how` goes into `Cache-Status` (RFC 9211).
    pub(crate) fn answer(
        &self,
        conditions: &Conditions,
        is_head: bool,
        now: SystemTime,
        how: &'static str,
    ) -> Response<AnswerBody> {
        let mut headers = self.headers.clone();
        headers.insert(AGE, self.policy.age(now).as_secs().into());
        headers.insert(HeaderName::from_static("cache-status"), HeaderValue::from_static(how));
        let mut response = Response::new(AnswerBody::Held(Bytes::new()));
        *response.status_mut() = self.status;
        if self.status.is_success() && conditions.hold_for(&headers) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            without_representation(&mut headers);
        } else if !is_head {
            *response.body_mut() = AnswerBody::Held(self.body.clone());
        }
        *response.headers_mut() = headers;
        response
    }

    /// How long a store keeps it.
    pub(crate) fn time(&self, now: SystemTime) -> Duration {
        let fresh = self.fresh_until.duration_since(now).unwrap_or_default();
        let validation = if self.validated { FOR_VALIDATION } else { Duration::ZERO };
        fresh + self.windows.while_revalidating.max(self.windows.if_error).max(validation)
    }
}

impl Kept {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Varies(names) => 64 + names.iter().map(String::len).sum::<usize>(),
            Self::Answer(answer) => {
                let fields =
                    answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
                1024 + answer.body.len() + fields.sum::<usize>()
            }
        }
    }

    /// As bytes, for a store outside the process: a head, its length before it, and the body.
    pub fn encode(&self) -> Vec<u8> {
        let (head, body) = match self {
            Self::Varies(names) => (Head::Varies { names: names.as_ref().clone() }, Bytes::new()),
            Self::Answer(answer) => (Head::of(answer), answer.body.clone()),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        [&length.to_le_bytes()[..], &head, &body].concat()
    }

    /// What [`Kept::encode`] made; none where it is something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (head, body) = rest.split_at_checked(length)?;
        match serde_json::from_slice(head).ok()? {
            Head::Varies { names } => Some(Self::Varies(Arc::new(names))),
            Head::Answer {
                policy,
                status,
                headers,
                fresh_until,
                windows,
                varying,
                generation,
                validated,
            } => {
                let mut fields = HeaderMap::with_capacity(headers.len());
                for (name, value) in headers {
                    fields.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(&value).ok()?);
                }
                Some(Self::Answer(Arc::new(StoredResponse {
                    policy: *policy,
                    status: StatusCode::from_u16(status).ok()?,
                    headers: fields,
                    body: Bytes::copy_from_slice(body),
                    fresh_until,
                    windows: Windows { while_revalidating: windows.0, if_error: windows.1 },
                    varying: Varying(varying),
                    generation,
                    validated,
                })))
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
enum Head {
    Varies {
        names: Vec<String>,
    },
    Answer {
        policy: Box<CachePolicy>,
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        fresh_until: SystemTime,
        windows: (Duration, Duration),
        varying: Vec<String>,
        generation: u64,
        validated: bool,
    },
}

impl Head {
    fn of(answer: &StoredResponse) -> Self {
        let field = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), value.as_bytes().to_vec())
        };
        Self::Answer {
            policy: Box::new(answer.policy.clone()),
            status: answer.status.as_u16(),
            headers: answer.headers.iter().map(field).collect(),
            fresh_until: answer.fresh_until,
            windows: (answer.windows.while_revalidating, answer.windows.if_error),
            varying: answer.varying.0.clone(),
            generation: answer.generation,
            validated: answer.validated,
        }
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// A tag for an answer whose upstream gives none, so that a browser that has it is not sent it again. Weak: nobody but the
/// portal knows it, so it must never be sent as the condition of a change.
pub(crate) fn tag_of(body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{hex}\"")).expect("hex fits a header field")
}
