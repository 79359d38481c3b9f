//! The Open Policy Agent itself decides, with the policy that the operator's guide shows.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portico_policy::{
    Action, Claims, Decision, EngineKind, OpaConfig, OpaPolicy, PolicyConfig, PolicyEngine, Principal, Query,
    Resource,
};
use tempfile::TempDir;

use crate::test_app::TestApp;

/// An agent of its own, which ends with this value.
struct Agent {
    url: String,
    server: Child,
    _policies: TempDir,
}

impl Agent {
    /// Starts one through `scripts/opa`, with the policy of `docs/gateway.md`.
    async fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let guide = std::fs::read_to_string(root.join("docs/gateway.md")).expect("the guide is there");
        let example = guide.split("```rego\n").nth(1).and_then(|rest| rest.split("```").next());
        let policies = tempfile::tempdir().expect("a directory");
        let file = policies.path().join("portico.rego");
        std::fs::write(file, example.expect("the guide has a policy")).expect("the policy can be written");
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
        let mut command = Command::new(root.join("scripts/opa"));
        command.arg("run").arg(port.to_string()).arg(policies.path()).stdout(Stdio::null());
        let server = command.spawn().expect("scripts/opa runs");
        let mut agent = Self { url: format!("http://127.0.0.1:{port}"), server, _policies: policies };
        agent.wait(port).await;
        agent
    }

    async fn wait(&mut self, port: u16) {
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(self.server.try_wait().expect("a child").is_none(), "the agent ended at once");
            assert!(started.elapsed() < Duration::from_secs(30), "the agent never listened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn config(&self) -> OpaConfig {
        OpaConfig { url: Some(self.url.clone()), timeout_ms: 5_000, ..OpaConfig::default() }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn member(claims: &[&str]) -> Principal {
    let departments = claims.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let claims = [("department".to_owned(), departments)].into();
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    Principal::new("https://idp.example", "bob", "acme")
        .with_roles(vec!["member".into()], entitlements)
        .with_claims(Claims::new(Some(std::sync::Arc::new(claims))))
}

#[tokio::test]
async fn a_real_agent_answers_one_question_and_many_as_the_guide_says() {
    let agent = Agent::start().await;
    let app = TestApp::start().await;
    let engine = OpaPolicy::new(app.outbound.clone(), agent.config());
    let (sales, support) = (member(&["sales"]), member(&["support"]));
    let route = Resource::Route { remote: "acme.todos", pattern: "/todos/**", path: "/todos/7" };
    let call = |person, method| Query::new(Some(person), Action::Call(method), route);
    let told = |decision: Decision| (decision.is_allowed(), decision.reason.into_owned());
    let allows = |why: &str| (true, format!("the Open Policy Agent allows it: {why}"));
    let refused = (false, "the Open Policy Agent refuses it: no rule allows it".to_owned());
    assert_eq!(told(engine.decide(&call(&support, "GET")).await), allows("reading"));
    assert_eq!(told(engine.decide(&call(&sales, "POST")).await), allows("sales may write"));
    assert_eq!(told(engine.decide(&call(&support, "POST")).await), refused);
    let many = [call(&support, "POST"), call(&sales, "POST"), call(&support, "GET")];
    let answers: Vec<_> = engine.decide_all(&many).await.into_iter().map(told).collect();
    assert_eq!(answers, [refused, allows("sales may write"), allows("reading")]);
    let elsewhere = OpaConfig { decision: "portico/nothing".into(), ..agent.config() };
    let undefined = OpaPolicy::new(app.outbound.clone(), elsewhere).decide(&call(&sales, "GET")).await;
    assert!(!undefined.is_allowed() && undefined.reason.contains("portico/nothing"), "{}", undefined.reason);
}

#[tokio::test]
async fn a_portal_before_a_real_agent_shows_what_it_allows_and_refuses_the_rest() {
    let agent = Agent::start().await;
    let app = TestApp::configured(|config| {
        config.policy.engine = EngineKind::Opa;
        config.policy.opa = agent.config();
    })
    .await;
    let bob = app.signed_in("bob").await;
    assert!(bob.get("/").send().await.page(200).contains("href=\"/todos\""));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let written = bob.post("/bff/acme.todos/todos").json(&serde_json::json!({ "title": "x" })).send().await;
    written.expect(403);
    app.events_ready().await;
    app.admin("/readyz").await.expect(200);
    drop(agent);
    let undecided = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(undecided.problem_kind(503), "policy-unavailable");
    app.admin("/readyz").await.expect(503);
}
