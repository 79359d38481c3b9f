use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use portico_policy::{
    CedarConfig, CedarPolicy, Claims, Comparison, Condition, OpaConfig, OpaPolicy, PathParameter,
    PolicyConfig, PolicyEngine, Principal, Resource, RolePolicy,
};
use portico_ports::{HttpClient, HttpClientError};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A member of acme, of the sales department and two teams.
pub(crate) fn bob() -> Principal {
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    let claims = BTreeMap::from([
        ("department".to_owned(), vec!["sales".to_owned()]),
        ("teams".to_owned(), vec!["north".to_owned(), "south".to_owned()]),
    ]);
    Principal::new("https://idp.example", "bob", "acme")
        .with_roles(vec!["member".into()], entitlements)
        .with_claims(Claims::new(Some(Arc::new(claims))))
}

pub(crate) const PATTERN: &str = "/orgs/{org}/todos/*";

/// The route [`PATTERN`] of the todos, called with this path.
pub(crate) fn route(path: &str) -> Resource<'_> {
    Resource::Route { remote: "acme.todos", pattern: PATTERN, path }
}

pub(crate) fn parameters() -> Vec<PathParameter> {
    PathParameter::all_in(PATTERN)
}

pub(crate) fn condition(attribute: &str, comparison: Comparison) -> Condition {
    Condition { attribute: attribute.parse().expect("an attribute"), comparison }
}

pub(crate) fn equals_attribute(other: &str) -> Comparison {
    Comparison::EqualsAttribute(other.parse().expect("an attribute"))
}

/// An engine that allows what roles and conditions allow, with what keeps it alive.
pub(crate) struct Open {
    pub(crate) name: &'static str,
    pub(crate) engine: Arc<dyn PolicyEngine>,
    _files: Option<TempDir>,
}

/// Every engine, with a policy that refuses nothing of its own.
pub(crate) fn open_engines() -> Vec<Open> {
    let (files, cedar) = cedar("permit(principal, action, resource);");
    let opa = OpaPolicy::new(Agent::answering(|_| json!(true)), agent_config());
    vec![
        Open { name: "roles", engine: Arc::new(RolePolicy), _files: None },
        Open { name: "cedar", engine: Arc::new(cedar), _files: Some(files) },
        Open { name: "opa", engine: Arc::new(opa), _files: None },
    ]
}

/// Engines that allow nothing that they are asked about, be it by their policies or because there is no answer.
pub(crate) fn closed_engines() -> Vec<Open> {
    let cedar = |name, policies| {
        let (files, engine) = cedar(policies);
        Open { name, engine: Arc::new(engine), _files: Some(files) }
    };
    let opa = |name, fault| {
        let agent = Agent::answering(|_| json!(false));
        *agent.fault.lock() = fault;
        Open { name, engine: Arc::new(OpaPolicy::new(agent, agent_config())), _files: None }
    };
    vec![
        cedar("cedar that forbids", "forbid(principal, action, resource);"),
        cedar("cedar that permits nothing", "permit(principal is Portico::Anonymous, action, resource);"),
        cedar(
            "cedar that cannot evaluate",
            "permit(principal, action, resource) when { 9223372036854775807 + 1 == 0 };",
        ),
        opa("opa that refuses", None),
        opa("opa that is silent", Some(Fault::Silent)),
    ]
}

/// A Cedar engine with this one file of policies, `policies.cedar`.
pub(crate) fn cedar(policies: &str) -> (TempDir, CedarPolicy) {
    let files = tempfile::tempdir().expect("a directory");
    write(files.path(), policies);
    let engine = CedarPolicy::open(cedar_config(files.path()));
    let engine = engine.unwrap_or_else(|error| panic!("the policies are good: {error}"));
    (files, engine)
}

pub(crate) fn cedar_config(directory: &Path) -> CedarConfig {
    CedarConfig { policies: Some(directory.to_owned()), schema: None }
}

pub(crate) fn write(directory: &Path, policies: &str) {
    std::fs::write(directory.join("policies.cedar"), policies).expect("the file can be written");
}

pub(crate) fn agent_config() -> OpaConfig {
    OpaConfig { url: Some("http://opa.test:8181".to_owned()), timeout_ms: 50, ..OpaConfig::default() }
}

/// What the agent does with a question.
type Rule = Box<dyn Fn(&Value) -> Value + Send + Sync>;

/// An Open Policy Agent as its REST API describes it: `POST /v1/data/{path}` with `input` is 200 with `result`, or with `{}`
/// where the document is undefined; a body that is no JSON is 400.
pub(crate) struct Agent {
    rule: Rule,
    /// Instead of an answer.
    pub(crate) fault: Mutex<Option<Fault>>,
    /// The path and input of every request.
    pub(crate) seen: Mutex<Vec<(String, Value)>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Silent,
    Refusing,
    Status(StatusCode),
    Body(&'static str),
}

impl Agent {
    /// `portico/decision` is what `rule` makes of the input; null is undefined.
    pub(crate) fn answering(rule: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { rule: Box::new(rule), fault: Mutex::new(None), seen: Mutex::new(Vec::new()) })
    }

    fn document(&self, path: &str, input: &Value) -> Option<Value> {
        let found = match path {
            "/v1/data/portico/decision" => (self.rule)(input),
            "/v1/data/portico/decisions" => {
                // A comprehension leaves out what is undefined.
                let all = input["queries"].as_array()?.iter().map(|query| (self.rule)(query));
                all.filter(|answer| !answer.is_null()).collect()
            }
            _ => Value::Null,
        };
        (!found.is_null()).then_some(found)
    }
}

#[async_trait]
impl HttpClient for Agent {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        let answer = |status, body: String| {
            Ok(Response::builder().status(status).body(Bytes::from(body)).expect("a response"))
        };
        let fault = *self.fault.lock();
        match fault {
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::Refusing) => {
                return Err(HttpClientError::Connection("connection refused".to_owned()));
            }
            Some(Fault::Status(status)) => return answer(status, r#"{"code":"internal_error"}"#.to_owned()),
            Some(Fault::Body(body)) => return answer(StatusCode::OK, body.to_owned()),
            None => {}
        }
        if request.uri().path() == "/health" {
            return answer(StatusCode::OK, "{}".to_owned());
        }
        let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
            return answer(StatusCode::BAD_REQUEST, r#"{"code":"invalid_parameter"}"#.to_owned());
        };
        let path = request.uri().path().to_owned();
        let result = self.document(&path, &body["input"]);
        self.seen.lock().push((path, body["input"].clone()));
        answer(StatusCode::OK, result.map_or(json!({}), |result| json!({ "result": result })).to_string())
    }
}
