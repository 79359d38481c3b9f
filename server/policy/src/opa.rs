use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use portico_ports::HttpClient;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Basis, Decision, Health, PolicyEngine, Query, Question, RolePolicy};

/// `[policy.opa]`: where the Open Policy Agent is, and what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpaConfig {
    /// Its base URL, such as `http://127.0.0.1:8181`, without a slash at the end.
    pub url: Option<String>,
    /// The document that answers one question, as a path below `/v1/data/`. It is a truth value, or an object with `allow`
    /// and, for the audit log, `reason`.
    pub decision: String,
    /// The document that answers `input.queries`, a list, with a list of as many such answers.
    pub decisions: String,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for OpaConfig {
    fn default() -> Self {
        Self {
            url: None,
            decision: "portico/decision".to_owned(),
            decisions: "portico/decisions".to_owned(),
            timeout_ms: 250,
        }
    }
}

/// Asks an Open Policy Agent, over its REST API, about what roles and conditions have allowed already: as with Cedar, what a
/// manifest declares always holds, and the policy narrows it.
///
/// It fails closed: without an answer in time, with another status, or with a document that is not there (an agent that has
/// not loaded its policies yet has none) or not of the form that is expected, there is no decision
/// ([`Decision::unavailable`]).
pub struct OpaPolicy {
    http: Arc<dyn HttpClient>,
    config: OpaConfig,
}

/// Why the Open Policy Agent gave no answer.
#[derive(Debug, Error)]
enum OpaError {
    #[error("the Open Policy Agent did not answer within {0} ms")]
    Timeout(u64),
    #[error("the Open Policy Agent cannot be reached: {0}")]
    Unreachable(portico_ports::HttpClientError),
    #[error("the Open Policy Agent answered {0}")]
    Status(StatusCode),
    #[error("the Open Policy Agent has no document {0} for this question")]
    Undefined(String),
    #[error("the Open Policy Agent's document {0} is not of the form that is expected")]
    Form(String),
}

/// `result` of the Data API; absent where the document is undefined.
#[derive(Deserialize)]
struct Document<T> {
    #[serde(default = "none")]
    result: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Plain(bool),
    Explained {
        allow: bool,
        #[serde(default)]
        reason: String,
    },
}

/// What the agent's own words may take up in the audit log.
const LONGEST_REASON: usize = 300;

impl OpaPolicy {
    /// Over `http`, which keeps its connections.
    pub fn new(http: Arc<dyn HttpClient>, config: OpaConfig) -> Self {
        Self { http, config }
    }

    /// The agent's answers to those of `queries` that are `open`, in one request.
    async fn decide_open(&self, queries: &[Query<'_>], open: &[usize]) -> Vec<Decision> {
        if open.is_empty() {
            return Vec::new();
        }
        let questions: Vec<_> = open.iter().map(|at| Question::of(&queries[*at])).collect();
        let input = serde_json::json!({ "queries": questions });
        match self.evaluate::<Vec<Answer>>(&self.config.decisions, &input).await {
            Ok(answers) if answers.len() == open.len() => answers.into_iter().map(Decision::from).collect(),
            Ok(_) => vec![OpaError::Form(self.config.decisions.clone()).into(); open.len()],
            Err(error) => vec![error.into(); open.len()],
        }
    }

    /// `POST /v1/data/{document}` with `input`.
    async fn evaluate<T: for<'d> Deserialize<'d>>(
        &self,
        document: &str,
        input: &impl Serialize,
    ) -> Result<T, OpaError> {
        let form = || OpaError::Form(document.to_owned());
        let body = serde_json::to_vec(&serde_json::json!({ "input": input })).map_err(|_| form())?;
        let path = format!("/v1/data/{document}");
        let body = self.send(Method::POST, &path, Bytes::from(body)).await?;
        let document_read: Document<T> = serde_json::from_slice(&body).map_err(|_| form())?;
        document_read.result.ok_or_else(|| OpaError::Undefined(document.to_owned()))
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, OpaError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.config.url.as_deref().unwrap_or_default()))
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| OpaError::Form(path.to_owned()))?;
        let limit = Duration::from_millis(self.config.timeout_ms);
        let answer = tokio::time::timeout(limit, self.http.send(request)).await;
        let answer = answer.map_err(|_| OpaError::Timeout(self.config.timeout_ms))?;
        let answer = answer.map_err(OpaError::Unreachable)?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => Err(OpaError::Status(status)),
        }
    }
}

#[async_trait]
impl PolicyEngine for OpaPolicy {
    /// What the declaration settles needs no agent.
    fn decide_now(&self, query: &Query<'_>) -> Option<Decision> {
        RolePolicy::settle(query)
    }

    async fn decide(&self, query: &Query<'_>) -> Decision {
        if let Some(declared) = self.decide_now(query) {
            return declared;
        }
        match self.evaluate::<Answer>(&self.config.decision, &Question::of(query)).await {
            Ok(answer) => answer.into(),
            Err(error) => error.into(),
        }
    }

    async fn decide_all(&self, queries: &[Query<'_>]) -> Vec<Decision> {
        let settled: Vec<_> = queries.iter().map(RolePolicy::settle).collect();
        let open: Vec<usize> = (0..queries.len()).filter(|at| settled[*at].is_none()).collect();
        let answers = self.decide_open(queries, &open).await;
        let mut answers = answers.into_iter();
        let next = |settled: Option<Decision>| settled.or_else(|| answers.next());
        settled.into_iter().filter_map(next).collect()
    }

    fn basis(&self) -> Basis {
        Basis::Person
    }

    /// `GET /health`: it is there, whatever its policies are.
    async fn health(&self) -> Health {
        match self.send(Method::GET, "/health", Bytes::new()).await {
            Ok(_) => Health::Good,
            Err(error) => Health::Down(error.to_string()),
        }
    }
}

impl From<OpaError> for Decision {
    fn from(error: OpaError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<Answer> for Decision {
    fn from(answer: Answer) -> Self {
        let (allow, reason) = match answer {
            Answer::Plain(allow) => (allow, String::new()),
            Answer::Explained { allow, reason } => (allow, reason),
        };
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
        match (allow, reason.is_empty()) {
            (true, true) => Self::allow("the Open Policy Agent allows it"),
            (false, true) => Self::deny("the Open Policy Agent refuses it"),
            (true, false) => Self::allow(format!("the Open Policy Agent allows it: {reason}")),
            (false, false) => Self::deny(format!("the Open Policy Agent refuses it: {reason}")),
        }
    }
}
