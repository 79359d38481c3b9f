//! Roles, plans and what they add up to.

use portico_policy::{Entitlements, PolicyConfig};

#[test]
fn an_admin_holds_everything_and_a_member_all_but_administration() {
    let demo = PolicyConfig::demo();
    let admin = demo.entitlements("acme", ["admin"]);
    let member = demo.entitlements("globex", ["member"]);
    assert_eq!(
        admin.entitlements(),
        [
            "chat.use",
            "echo.use",
            "insights.read",
            "org.admin",
            "platform.operate",
            "todos.read",
            "todos.write"
        ]
    );
    assert_eq!(member.entitlements(), ["chat.use", "echo.use", "insights.read", "todos.read", "todos.write"]);
    assert_eq!(demo.problems(), []);
}

#[test]
fn the_plan_bounds_what_roles_give() {
    let config: PolicyConfig = serde_json::from_str(
        r#"{"roles": {"admin": ["todos.write", "todos.read", "org.admin"]},
            "plans": {"free": ["todos.read", "chat.use"]},
            "organizations": {"acme": "free"}}"#,
    )
    .expect("valid");
    let held = config.entitlements("acme", ["admin"]);
    assert_eq!(held.permissions(), ["org.admin", "todos.read", "todos.write"]);
    assert_eq!(held.entitlements(), ["todos.read"]);
    assert!(held.contains("todos.read") && !held.contains("todos.write"));
    assert_eq!(held.missing(&["todos.read".into(), "org.admin".into()]), ["org.admin"]);
}

#[test]
fn unknown_roles_and_organizations_give_nothing() {
    let demo = PolicyConfig::demo();
    assert_eq!(demo.entitlements("acme", ["root", "Admin"]).permissions(), [] as [&str; 0]);
    let elsewhere = demo.entitlements("initech", ["admin"]);
    assert_eq!(elsewhere.entitlements(), [] as [&str; 0]);
    assert_eq!(elsewhere.permissions().len(), 7, "roles are still known, the plan is not");
}

#[test]
fn a_default_plan_serves_organizations_that_are_not_listed() {
    let config = PolicyConfig { default_plan: Some("standard".into()), ..PolicyConfig::demo() };
    assert!(config.entitlements("initech", ["member"]).contains("todos.read"));
}

#[test]
fn equal_entitlements_have_equal_fingerprints_whatever_the_order() {
    let set = |names: &[&str]| Entitlements::new(names.iter().map(|&n| n.to_owned()).collect(), |_| true);
    assert_eq!(set(&["a.b", "c.d", "a.b"]).fingerprint(), set(&["c.d", "a.b"]).fingerprint());
    assert_ne!(set(&["a.b", "c.d"]).fingerprint(), set(&["a.b"]).fingerprint());
    assert_ne!(set(&["a.b", "c.d"]).fingerprint(), set(&["a.bc.d"]).fingerprint());
    assert_eq!(set(&[]).fingerprint().to_string().len(), 64);
}

#[test]
fn a_bad_configuration_names_its_keys() {
    let config: PolicyConfig = serde_json::from_str(
        r#"{"roles": {"admin": ["*"]}, "plans": {"free": ["Todos"]}, "organizations": {"acme": "gold"}}"#,
    )
    .expect("shaped right");
    let said: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3);
    assert!(said[0].starts_with("policy.roles.admin: \"*\" is not of the form"), "{said:?}");
    assert!(said[1].starts_with("policy.plans.free: \"Todos\""), "{said:?}");
    assert_eq!(said[2], "policy.organizations.acme: there is no plan \"gold\"; plans are free");
}

#[test]
fn a_plan_that_is_neither_all_nor_a_list_says_what_is_expected() {
    let error = serde_json::from_str::<PolicyConfig>(r#"{"plans": {"free": "some"}}"#).expect_err("refused");
    assert!(error.to_string().contains("a plan is \"all\" or a list"), "{error}");
    let unknown = serde_json::from_str::<PolicyConfig>(r#"{"rolls": {}}"#).expect_err("refused");
    assert!(unknown.to_string().contains("rolls"), "{unknown}");
}
