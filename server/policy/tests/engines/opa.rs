//! What an Open Policy Agent decides, and what is decided without it.

use std::sync::Arc;

use http::StatusCode;
use portico_policy::{Action, Decision, Effect, Health, OpaPolicy, PolicyEngine, Query, Resource};
use serde_json::json;

use crate::world::{Agent, Fault, agent_config, bob, parameters, route};

fn engine(agent: &Arc<Agent>) -> OpaPolicy {
    OpaPolicy::new(Arc::clone(agent) as _, agent_config())
}

#[tokio::test]
async fn the_agent_is_asked_with_everything_that_policies_may_need() {
    let agent = Agent::answering(|_| json!({ "allow": true, "reason": "sales may" }));
    let (bob, required, parameters) = (bob(), ["todos.read".to_owned()], parameters());
    let query = Query::new(Some(&bob), Action::Call("GET"), route("/orgs/ac%20me/todos/7"))
        .requiring(&required)
        .on_condition(&[], &parameters, Some("secret=1"));
    let decision = engine(&agent).decide(&query).await;
    assert_eq!(decision.reason, "the Open Policy Agent allows it: sales may");
    let expected = json!({
        "principal": {
            "issuer": "https://idp.example", "subject": "bob", "organization": "acme", "roles": ["member"],
            "entitlements": ["chat.use", "echo.use", "insights.read", "todos.read", "todos.write"],
            "claims": { "department": ["sales"], "teams": ["north", "south"] },
        },
        "action": "call", "method": "GET",
        "resource": {
            "type": "route", "remote": "acme.todos", "pattern": "/orgs/{org}/todos/*", "path": "/orgs/ac%20me/todos/7",
            "parameters": { "org": "ac me" },
        },
        "required": ["todos.read"], "public": false,
    });
    assert_eq!(*agent.seen.lock(), [("/v1/data/portico/decision".to_owned(), expected)]);
}

#[tokio::test]
async fn a_refusal_says_why_to_the_audit_log_and_not_to_the_caller() {
    let agent = Agent::answering(|_| json!({ "allow": false, "reason": "not on\nSundays" }));
    let bob = bob();
    let decision =
        engine(&agent).decide(&Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7"))).await;
    assert_eq!(decision.effect, Effect::Deny);
    assert_eq!(decision.reason, "the Open Policy Agent refuses it: not onSundays", "one line in the log");
    assert_eq!(decision.caller_detail(), "Your account may not do this.");
}

#[tokio::test]
async fn what_a_declaration_refuses_is_not_asked() {
    let agent = Agent::answering(|_| json!(true));
    let (bob, admin) = (bob(), ["org.admin".to_owned()]);
    let query = Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7")).requiring(&admin);
    assert!(!engine(&agent).ask_both(&query).await);
    assert!(agent.seen.lock().is_empty());
}

/// Both ways of asking agree.
trait AskBoth {
    async fn ask_both(&self, query: &Query<'_>) -> bool;
}

impl AskBoth for OpaPolicy {
    async fn ask_both(&self, query: &Query<'_>) -> bool {
        let one = self.decide(query).await.is_allowed();
        let all = self.decide_all(std::slice::from_ref(query)).await;
        assert_eq!(all.iter().map(|decision| decision.is_allowed()).collect::<Vec<_>>(), [one]);
        one
    }
}

#[tokio::test]
async fn many_questions_are_one_request() {
    let agent = Agent::answering(|input| json!(input["resource"]["id"] != "acme.chat"));
    let (bob, admin) = (bob(), ["org.admin".to_owned()]);
    let about = |id| Query::new(Some(&bob), Action::Navigate, Resource::Remote { id });
    let queries =
        [about("acme.todos"), about("acme.ops").requiring(&admin), about("acme.chat"), about("acme.echo")];
    let answers = engine(&agent).decide_all(&queries).await;
    assert_eq!(
        answers.iter().map(|answer| answer.is_allowed()).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    let seen = agent.seen.lock();
    let [(path, input)] = &seen[..] else { panic!("one request: {seen:?}") };
    assert_eq!(path, "/v1/data/portico/decisions");
    assert_eq!(input["queries"].as_array().map(Vec::len), Some(3), "what roles refuse is not asked");
}

#[tokio::test]
async fn whatever_goes_wrong_there_is_no_answer_and_it_says_why() {
    let agent = Agent::answering(|_| json!(true));
    let engine = engine(&agent);
    let bob = bob();
    let query = Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7"));
    assert!(engine.ask_both(&query).await);
    for (fault, why) in [
        (Fault::Silent, "did not answer within 50 ms"),
        (Fault::Refusing, "cannot be reached: the connection failed"),
        (Fault::Status(StatusCode::INTERNAL_SERVER_ERROR), "answered 500"),
        (Fault::Status(StatusCode::FOUND), "answered 302"),
        (Fault::Body("{}"), "has no document portico/decision "),
        (Fault::Body("allow"), "not of the form"),
        (Fault::Body(r#"{"result": "yes"}"#), "not of the form"),
        (Fault::Body(r#"{"result": {"allow": "true"}}"#), "not of the form"),
        (Fault::Body(r#"{"result": []}"#), "not of the form"),
        (Fault::Body(r#"{"result": null}"#), "has no document"),
    ] {
        *agent.fault.lock() = Some(fault);
        let decision = engine.decide(&query).await;
        assert_eq!(decision.effect, Effect::Unavailable, "{fault:?}");
        assert!(decision.caller_detail().contains("Try again in a moment"));
        assert!(decision.reason.contains(why), "{fault:?}: {}", decision.reason);
        assert!(!engine.ask_both(&query).await, "{fault:?}");
    }
}

#[tokio::test]
async fn a_list_of_another_length_answers_nothing() {
    // The rule is undefined for one of the two: which of them is then the answer for?
    let agent = Agent::answering(|input| match input["resource"]["id"] == "acme.chat" {
        true => serde_json::Value::Null,
        false => json!(true),
    });
    let bob = bob();
    let about = |id| Query::new(Some(&bob), Action::Navigate, Resource::Remote { id });
    let answers = engine(&agent).decide_all(&[about("acme.todos"), about("acme.chat")]).await;
    assert!(answers.iter().all(Decision::is_unavailable), "{answers:?}");
}

#[tokio::test]
async fn it_is_well_while_the_agent_is() {
    let agent = Agent::answering(|_| json!(true));
    assert_eq!(engine(&agent).health().await, Health::Good);
    *agent.fault.lock() = Some(Fault::Silent);
    assert!(matches!(engine(&agent).health().await, Health::Down(why) if why.contains("50 ms")));
}
