//! What holds whatever engine decides: a policy can refuse more than roles and conditions do, and never less.

use portico_policy::{Action, Comparison, Effect, Query, Resource};

use crate::world::{bob, closed_engines, condition, equals_attribute, open_engines, parameters, route};

#[tokio::test]
async fn what_the_entitlements_cover_is_allowed() {
    for open in open_engines() {
        let (bob, required) = (bob(), ["todos.read".to_owned()]);
        let query =
            Query::new(Some(&bob), Action::Call("GET"), route("/orgs/acme/todos/7")).requiring(&required);
        let decision = open.engine.ask(&query).await;
        assert!(decision.is_allowed(), "{}: {}", open.name, decision.reason);
    }
}

#[tokio::test]
async fn a_permission_that_is_lacking_is_named_whoever_decides() {
    for open in open_engines() {
        let (bob, required) = (bob(), ["todos.read".to_owned(), "org.admin".to_owned()]);
        let query = Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7")).requiring(&required);
        let decision = open.engine.ask(&query).await;
        assert_eq!(
            (decision.effect, &*decision.missing),
            (Effect::Deny, &["org.admin".to_owned()][..]),
            "{}",
            open.name
        );
    }
}

#[tokio::test]
async fn without_a_session_only_what_is_public_is_allowed() {
    for open in open_engines() {
        let query = Query::new(None, Action::Call("GET"), route("/orgs/acme/todos/7"));
        assert_eq!(open.engine.ask(&query).await.effect, Effect::SignIn, "{}", open.name);
        assert!(open.engine.ask(&query.public(true)).await.is_allowed(), "{}", open.name);
    }
}

#[tokio::test]
async fn case_50_another_organizations_id_in_path_or_query_is_refused() {
    let (bob, parameters) = (bob(), parameters());
    let of_path = [condition("path.org", equals_attribute("organization"))];
    let of_query = [condition("query.org", equals_attribute("organization"))];
    for open in open_engines() {
        for (path, allowed) in [
            ("/orgs/acme/todos/7", true),
            ("/orgs/acme/todos/7/", true),
            ("/orgs/globex/todos/7", false),
            ("/orgs/Acme/todos/7", false),
            ("/orgs/acme%20/todos/7", false),
        ] {
            let query = Query::new(Some(&bob), Action::Call("GET"), route(path));
            let decision = open.engine.ask(&query.on_condition(&of_path, &parameters, None)).await;
            assert_eq!(decision.is_allowed(), allowed, "{} {path}: {}", open.name, decision.reason);
        }
        for (text, allowed) in [
            (Some("org=acme"), true),
            (Some("org=ac%6De"), true),
            (Some("org=globex"), false),
            (Some("org=acme&org=globex"), false),
            (Some("org=acme&Org=globex"), false),
            (Some("org="), false),
            (Some("other=acme"), false),
            (None, false),
        ] {
            let query = Query::new(Some(&bob), Action::Call("GET"), route("/orgs/acme/todos/7"));
            let decision = open.engine.ask(&query.on_condition(&of_query, &parameters, text)).await;
            assert_eq!(decision.is_allowed(), allowed, "{} {text:?}: {}", open.name, decision.reason);
        }
    }
}

#[tokio::test]
async fn conditions_look_at_claims_and_fail_where_one_is_missing() {
    let (bob, parameters) = (bob(), parameters());
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let cases = [
        (condition("claims.department", Comparison::Equals("sales".into())), true),
        (condition("claims.department", Comparison::Equals("support".into())), false),
        (condition("claims.department", Comparison::OneOf(texts(&["support", "sales"]))), true),
        (condition("claims.department", Comparison::OneOf(Vec::new())), false),
        (condition("claims.teams", Comparison::Equals("south".into())), true),
        (condition("claims.teams", equals_attribute("path.org")), false),
        (condition("path.org", equals_attribute("claims.teams")), false),
        (condition("claims.level", Comparison::Equals("1".into())), false),
        (condition("claims.level", equals_attribute("claims.other")), false),
        (condition("subject", Comparison::Equals("bob".into())), true),
        (condition("organization", Comparison::OneOf(texts(&["acme", "globex"]))), true),
        (condition("path.nothing", Comparison::Equals("acme".into())), false),
    ];
    for open in open_engines() {
        for (condition, allowed) in &cases {
            let one = [condition.clone()];
            let query = Query::new(Some(&bob), Action::Call("GET"), route("/orgs/acme/todos/7"));
            let decision = open.engine.ask(&query.on_condition(&one, &parameters, None)).await;
            assert_eq!(decision.is_allowed(), *allowed, "{}: {condition}", open.name);
            if !allowed {
                assert_eq!(decision.reason, format!("the condition does not hold that {condition}"));
                assert_eq!(decision.caller_detail(), "Your account may not do this.");
            }
        }
    }
}

#[tokio::test]
async fn a_condition_on_a_person_holds_for_nobody_on_a_public_route() {
    let (one, parameters) = ([condition("path.org", equals_attribute("organization"))], parameters());
    for open in open_engines() {
        let query = Query::new(None, Action::Call("GET"), route("/orgs/acme/todos/7")).public(true);
        let decision = open.engine.ask(&query.on_condition(&one, &parameters, None)).await;
        assert_eq!(decision.effect, Effect::Deny, "{}", open.name);
    }
}

#[tokio::test]
async fn what_is_a_persons_own_is_theirs_whatever_policies_say_and_whoever_is_away() {
    for closed in closed_engines() {
        let bob = bob();
        let resource = Resource::Function { name: "end-session" };
        let own = Query::new(Some(&bob), Action::Own, resource);
        assert!(closed.engine.ask(&own).await.is_allowed(), "{}", closed.name);
        let nobodys = Query::new(None, Action::Own, resource);
        assert_eq!(closed.engine.ask(&nobodys).await.effect, Effect::SignIn, "{}", closed.name);
        let other = Query::new(Some(&bob), Action::Invoke, resource);
        let answers = closed.engine.decide_all(&[other, own]).await;
        let allowed: Vec<_> = answers.iter().map(|decision| decision.is_allowed()).collect();
        assert_eq!(allowed, [false, true], "{}", closed.name);
    }
}

#[tokio::test]
async fn several_questions_are_answered_in_order() {
    for open in open_engines() {
        let (bob, admin, read) = (bob(), ["org.admin".to_owned()], ["todos.read".to_owned()]);
        let ask =
            |required| Query::new(Some(&bob), Action::Open, route("/orgs/acme/todos/7")).requiring(required);
        let answers = open.engine.decide_all(&[ask(&admin), ask(&read), ask(&admin)]).await;
        let allowed: Vec<_> = answers.iter().map(|decision| decision.is_allowed()).collect();
        assert_eq!(allowed, [false, true, false], "{}", open.name);
        assert!(open.engine.decide_all(&[]).await.is_empty());
    }
}
