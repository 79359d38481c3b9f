use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

/// A response, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What every response carries, whatever its status (case 64).
pub const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
];

impl Answer {
    /// A header's value; empty where it is absent.
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert!(self.status.is_redirection(), "expected a redirect, got {self:?}");
        self.header(header::LOCATION)
    }

    /// Every `Set-Cookie`.
    pub fn set_cookies(&self) -> Vec<&str> {
        let values = self.headers.get_all(header::SET_COOKIE).iter();
        values.map(|value| value.to_str().expect("cookies are ASCII")).collect()
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.beginning()))
    }

    /// The body, where the status is what it should be.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{:?} {}", self.headers, self.beginning());
        self
    }

    /// Enough of the body to tell what went wrong.
    fn beginning(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(400).collect()
    }

    /// The problem, complete and of this status (RFC 9457).
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        self.expect(status);
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        let text =
            |field: &str| problem[field].as_str().unwrap_or_else(|| panic!("{field} is missing: {problem}"));
        assert!(text("type").starts_with("/problems/"), "{problem}");
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{problem}");
        assert!(text("instance").starts_with('/'), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(text("traceId").len(), 32, "{problem}");
        assert_eq!(text("traceId"), self.header("x-trace-id"), "the header says the same");
        let members = 6 + usize::from(problem.get("errors").is_some());
        assert_eq!(
            problem.as_object().map(serde_json::Map::len),
            Some(members),
            "nothing else is told: {problem}"
        );
        self.nothing_internal();
        problem
    }

    /// The last part of the problem's type.
    #[track_caller]
    pub fn problem_kind(&self, status: u16) -> String {
        let problem = self.problem(status);
        problem["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()
    }

    /// A page with this status that says something to a person.
    #[track_caller]
    pub fn page(&self, status: u16) -> &str {
        self.expect(status);
        assert_eq!(self.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        self.nothing_internal();
        self.text()
    }

    /// The headers that every response carries.
    #[track_caller]
    pub fn assert_security_headers(&self) {
        for (name, value) in SECURITY_HEADERS {
            let sent: Vec<_> = self.headers.get_all(name).iter().collect();
            assert_eq!(sent, [value], "{name} on {} {:?}", self.status, self.headers);
        }
        let policies: Vec<_> = self.headers.get_all(header::CONTENT_SECURITY_POLICY).iter().collect();
        let frames = |policy: &&http::HeaderValue| {
            policy.to_str().is_ok_and(|text| text.contains("frame-ancestors 'none'"))
        };
        assert!(policies.len() == 1 && policies.iter().all(frames), "{} {policies:?}", self.status);
    }

    /// Words that only the inside of the server knows.
    #[track_caller]
    fn nothing_internal(&self) {
        let text = self.text();
        for word in [
            "panicked",
            "src/",
            ".rs:",
            "sqlx",
            "SQLITE",
            "rdkafka",
            "openidconnect",
            "eyJ",
            "connection refused",
        ] {
            assert!(!text.contains(word), "{word:?} leaks in: {text}");
        }
    }
}
