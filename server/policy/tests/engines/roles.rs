//! What the default engine decides by itself, and what each side is told.

use portico_policy::{Action, Basis, Effect, PolicyEngine, Query, RolePolicy};

use crate::world::{bob, route};

#[test]
fn a_refusal_names_the_permission_to_the_caller_and_the_reason_to_the_audit_log() {
    let (bob, required) = (bob(), ["todos.read".to_owned(), "org.admin".to_owned()]);
    let query = Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7")).requiring(&required);
    let decision = RolePolicy::decide(&query);
    assert_eq!(decision.effect, Effect::Deny);
    assert_eq!(decision.missing, ["org.admin"]);
    assert_eq!(decision.reason, "the entitlements lack org.admin");
    let shown = decision.caller_detail();
    assert!(shown.contains("org.admin") && !shown.contains("entitlements"), "{shown}");
}

#[test]
fn it_never_has_to_be_waited_for_and_depends_on_entitlements_alone() {
    let bob = bob();
    let query = Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7"));
    assert!(RolePolicy.decide_now(&query).is_some());
    assert_eq!(RolePolicy.basis(), Basis::Entitlements);
}

#[test]
fn the_audit_log_reads_as_words() {
    assert_eq!(Action::Call("DELETE").to_string(), "call DELETE");
    assert_eq!(route("/orgs/acme/todos/7").to_string(), "route acme.todos /orgs/acme/todos/7");
    assert_eq!(Effect::SignIn.as_str(), "sign-in");
}
