//! What the default engine decides, and what each side is told.

use portico_policy::{Action, Effect, PolicyConfig, PolicyEngine, Principal, Query, Resource, RolePolicy};

fn bob() -> Principal {
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    Principal::new("https://idp.example", "bob", "acme").with_roles(vec!["member".into()], entitlements)
}

fn remote() -> Resource<'static> {
    Resource::Route { remote: "acme.todos", pattern: "/todos/**", path: "/todos/7" }
}

#[tokio::test]
async fn what_the_entitlements_cover_is_allowed() {
    let (bob, required) = (bob(), ["todos.read".to_owned()]);
    let query = Query::new(Some(&bob), Action::Call("GET"), remote()).requiring(&required);
    assert!(RolePolicy.decide(&query).await.is_allowed());
}

#[tokio::test]
async fn a_refusal_names_the_permission_to_the_caller_and_the_reason_to_the_audit_log() {
    let (bob, required) = (bob(), ["todos.read".to_owned(), "org.admin".to_owned()]);
    let decision =
        RolePolicy.decide(&Query::new(Some(&bob), Action::Open, remote()).requiring(&required)).await;
    assert_eq!(decision.effect, Effect::Deny);
    assert_eq!(decision.missing, ["org.admin"]);
    assert_eq!(decision.reason, "the entitlements lack org.admin");
    let shown = decision.caller_detail();
    assert!(shown.contains("org.admin") && !shown.contains("entitlements"), "{shown}");
}

#[tokio::test]
async fn without_a_session_only_what_is_public_is_allowed() {
    let query = Query::new(None, Action::Call("GET"), remote());
    assert_eq!(RolePolicy.decide(&query).await.effect, Effect::SignIn);
    assert!(RolePolicy.decide(&query.public(true)).await.is_allowed());
}

#[tokio::test]
async fn several_questions_are_answered_in_order() {
    let (bob, admin, read) = (bob(), ["org.admin".to_owned()], ["todos.read".to_owned()]);
    let ask = |required| Query::new(Some(&bob), Action::Navigate, remote()).requiring(required);
    let answers = RolePolicy.decide_all(&[ask(&admin), ask(&read)]).await;
    assert_eq!(answers.iter().map(|d| d.is_allowed()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_audit_log_reads_as_words() {
    assert_eq!(Action::Call("DELETE").to_string(), "call DELETE");
    assert_eq!(remote().to_string(), "route acme.todos /todos/7");
    assert_eq!(Effect::SignIn.as_str(), "sign-in");
}
