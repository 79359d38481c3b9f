//! What Cedar decides by itself.

use std::path::Path;

use portico_policy::{
    Action, CedarConfig, CedarPolicy, Claims, Decision, Effect, Entitlements, Health, PolicyConfig,
    PolicyEngine, Principal, Query, Reload, Resource,
};

use crate::world::{bob, cedar, cedar_config, parameters, route, write};

const BASE: &str = "@id(\"base\") permit(principal, action, resource);\n";

fn ask(engine: &CedarPolicy, person: &Principal, action: Action<'_>, resource: Resource<'_>) -> Decision {
    let parameters = parameters();
    let query = Query::new(Some(person), action, resource).on_condition(&[], &parameters, None);
    engine.decide_now(&query).expect("Cedar answers at once")
}

fn refused(policies: &str) -> String {
    let files = tempfile::tempdir().expect("a directory");
    write(files.path(), policies);
    let error = CedarPolicy::open(cedar_config(files.path())).err().expect("refused").to_string();
    error.replace(&format!("{}/", files.path().display()), "")
}

#[test]
fn the_policies_that_decided_are_named() {
    let (_files, engine) = cedar(&format!(
        "{BASE}@id(\"no-deletes\") forbid(principal, action == Portico::Action::\"call\", resource)
         when {{ context.method == \"DELETE\" }};"
    ));
    let path = route("/orgs/acme/todos/7");
    assert_eq!(ask(&engine, &bob(), Action::Call("GET"), path).reason, "permitted by base");
    let deleted = ask(&engine, &bob(), Action::Call("DELETE"), path);
    assert_eq!((deleted.is_allowed(), &*deleted.reason), (false, "forbidden by no-deletes"));
}

#[test]
fn what_no_policy_permits_is_refused() {
    let (_files, engine) = cedar("permit(principal, action == Portico::Action::\"open\", resource);");
    let opened = ask(&engine, &bob(), Action::Open, Resource::Page { path: "/todos" });
    assert_eq!(opened.reason, "permitted by policies#0", "a policy without a name has its place");
    let called = ask(&engine, &bob(), Action::Call("GET"), route("/orgs/acme/todos/7"));
    assert_eq!((called.is_allowed(), &*called.reason), (false, "no policy permits it"));
}

#[test]
fn policies_see_roles_organization_claims_remote_and_placeholders() {
    let (_files, engine) = cedar(
        "permit(principal in Portico::Role::\"member\", action, resource in Portico::Remote::\"acme.todos\")
         when {
           principal in Portico::Organization::\"acme\" &&
           principal.hasTag(\"department\") && principal.getTag(\"department\").contains(\"sales\") &&
           principal.entitlements.contains(\"todos.read\") &&
           resource is Portico::Route &&
           resource.hasTag(\"org\") && resource.getTag(\"org\") == principal.organization
         };",
    );
    assert!(ask(&engine, &bob(), Action::Call("GET"), route("/orgs/acme/todos/7")).is_allowed());
    assert!(!ask(&engine, &bob(), Action::Call("GET"), route("/orgs/globex/todos/7")).is_allowed());
    let stranger = Principal::new("https://idp.example", "carol", "globex");
    assert!(!ask(&engine, &stranger, Action::Call("GET"), route("/orgs/globex/todos/7")).is_allowed());
    let event = Resource::Event { remote: "acme.todos", kind: "todos.changed" };
    assert!(!ask(&engine, &bob(), Action::Publish, event).is_allowed());
}

#[test]
fn a_person_whose_roles_entitlements_or_claims_change_is_another_to_policies() {
    let (_files, engine) = cedar(
        "permit(principal in Portico::Role::\"member\", action == Portico::Action::\"call\", resource)
         when { principal.entitlements.contains(\"todos.read\") && principal.hasTag(\"department\") };",
    );
    let may = |person: &Principal| {
        ask(&engine, person, Action::Call("GET"), route("/orgs/acme/todos/7")).is_allowed()
    };
    let person = bob();
    assert!(may(&person) && may(&person), "the same answer every time");
    let demo = PolicyConfig::demo();
    let admin = person.clone().with_roles(vec!["admin".into()], demo.entitlements("acme", ["admin"]));
    assert!(!may(&admin), "another role");
    let nothing = person.clone().with_roles(vec!["member".into()], Entitlements::none());
    assert!(!may(&nothing), "the same role, which gives nothing any more");
    let unclaimed = person.clone().with_claims(Claims::default());
    assert!(!may(&unclaimed), "no department");
    let back = nothing.with_roles(vec!["member".into()], demo.entitlements("acme", ["member"]));
    assert!(may(&back) && may(&person));
}

#[test]
fn every_kind_of_question_can_be_asked() {
    let (_files, engine) = cedar(BASE);
    let event = Resource::Event { remote: "acme.todos", kind: "todos.changed" };
    for (action, resource) in [
        (Action::Navigate, Resource::Remote { id: "acme.todos" }),
        (Action::Open, Resource::Page { path: "/todos" }),
        (Action::Call("PATCH"), route("/orgs/acme/todos/7")),
        (Action::Publish, event),
        (Action::Subscribe, event),
        (Action::Invoke, Resource::Function { name: "session" }),
        (Action::ExchangeToken, Resource::Remote { id: "acme.insights" }),
    ] {
        assert_eq!(ask(&engine, &bob(), action, resource).reason, "permitted by base", "{action}");
    }
}

#[test]
fn an_error_names_the_file_and_the_place() {
    let syntax = refused("permit(principal, action, resource);\n  permit(principal action, resource);");
    assert!(syntax.starts_with("policies.cedar:2:20: "), "{syntax}");
    let misspelled = refused(&format!(
        "{BASE}permit(principal, action, resource)\n  when {{ principal.organisation == \"acme\" }};"
    ));
    assert!(misspelled.starts_with("policies.cedar:3:"), "{misspelled}");
    assert!(misspelled.contains("organisation"), "{misspelled}");
    let unknown = refused("permit(principal in Portico::Team::\"a\", action, resource);");
    assert!(unknown.starts_with("policies.cedar:1:") && unknown.contains("Portico::Team"), "{unknown}");
    let unguarded = refused(
        "permit(principal is Portico::Person, action, resource) when { principal.getTag(\"x\").contains(\"y\") };",
    );
    assert!(unguarded.starts_with("policies.cedar:1:"), "{unguarded}");
    let twice = refused(&format!("{BASE}{BASE}"));
    assert_eq!(twice, "policies.cedar: the policy base is there twice");
    let template = refused("permit(principal == ?principal, action, resource);");
    assert!(template.starts_with("policies.cedar: a template"), "{template}");
}

#[test]
fn no_policy_at_all_is_an_error_and_so_is_a_file_that_is_not_there() {
    let files = tempfile::tempdir().expect("a directory");
    let open = |config| CedarPolicy::open(config).err().expect("refused").to_string();
    let empty = open(cedar_config(files.path()));
    assert!(empty.ends_with("no policy is there; a file of policies ends in .cedar"), "{empty}");
    let gone = files.path().join("gone.cedar");
    let missing = open(CedarConfig { policies: Some(gone.clone()), schema: None });
    assert!(missing.starts_with(&gone.display().to_string()), "{missing}");
}

#[test]
fn a_schema_of_ones_own_has_to_accept_what_the_portal_asks() {
    let files = tempfile::tempdir().expect("a directory");
    write(files.path(), BASE);
    let schema = files.path().join("own.cedarschema");
    let open = |text: &str| {
        std::fs::write(&schema, text).expect("written");
        CedarPolicy::open(CedarConfig { schema: Some(schema.clone()), ..cedar_config(files.path()) })
    };
    let own = portico_policy::CEDAR_SCHEMA.replace("entity Role;", "entity Role;\n    entity Office;");
    assert!(open(&own).is_ok());
    let narrower = portico_policy::CEDAR_SCHEMA.replace("action \"exchange-token\"", "action exchange");
    let error = open(&narrower).err().expect("refused").to_string();
    assert!(
        error.contains("own.cedarschema") && error.contains("does not fit what the portal asks"),
        "{error}"
    );
    let broken = open("namespace Portico {\n  entity ;\n}").err().expect("refused").to_string();
    assert!(broken.contains("own.cedarschema:2:"), "{broken}");
}

#[tokio::test]
async fn a_change_is_taken_up_and_a_broken_one_keeps_the_last_good_policies() {
    let (files, engine) = cedar(BASE);
    let allowed = || ask(&engine, &bob(), Action::Call("GET"), route("/orgs/acme/todos/7")).is_allowed();
    assert_eq!((engine.reload(), engine.revision()), (Reload::Unchanged, 0));
    let replace = |policies: &str| write(files.path(), policies);

    replace("forbid(principal, action, resource);");
    assert_eq!((engine.reload(), engine.revision(), allowed()), (Reload::Changed, 1, false));

    replace("permit(principal, action");
    let Reload::Refused(reason) = engine.reload() else { panic!("a broken file is refused") };
    assert!(reason.contains("policies.cedar:1:"), "{reason}");
    assert_eq!((engine.revision(), allowed()), (1, false));
    assert_eq!(engine.health().await, Health::Stale(reason));
    assert_eq!(engine.reload(), Reload::Unchanged, "it is told once");

    std::fs::remove_file(files.path().join("policies.cedar")).expect("removed");
    assert!(matches!(engine.reload(), Reload::Refused(_)), "policies that are gone refuse nothing new");
    assert_eq!((engine.reload(), allowed()), (Reload::Unchanged, false));

    replace(BASE);
    assert_eq!((engine.reload(), engine.revision(), allowed()), (Reload::Changed, 2, true));
    assert_eq!(engine.health().await, Health::Good);
}

#[test]
fn a_policy_that_cannot_be_evaluated_decides_nothing_and_what_another_forbids_is_forbidden() {
    // An overflow is the one error that validation cannot rule out.
    let (_files, engine) = cedar(&format!(
        "{BASE}@id(\"sum\") forbid(principal is Portico::Person, action, resource)
         when {{ 9223372036854775807 + 1 == 0 }};
         @id(\"no-calls\") forbid(principal, action == Portico::Action::\"call\", resource);"
    ));
    let decision = ask(&engine, &bob(), Action::Open, Resource::Page { path: "/todos" });
    assert!(decision.is_unavailable());
    assert!(
        decision.reason.starts_with("a policy cannot be evaluated") && decision.reason.contains("sum"),
        "{}",
        decision.reason
    );
    let called = ask(&engine, &bob(), Action::Call("GET"), route("/orgs/acme/todos/7"));
    assert_eq!((called.effect, &*called.reason), (Effect::Deny, "forbidden by no-calls"));
}

#[test]
fn the_files_of_a_directory_count_together() {
    let (files, _) = cedar(BASE);
    let other = files.path().join("night.cedar");
    std::fs::write(&other, "forbid(principal, action == Portico::Action::\"invoke\", resource);")
        .expect("written");
    std::fs::write(files.path().join("notes.txt"), "no policy").expect("written");
    let engine = CedarPolicy::open(cedar_config(Path::new(files.path()))).expect("good");
    let decision = ask(&engine, &bob(), Action::Invoke, Resource::Function { name: "session" });
    assert_eq!(decision.reason, "forbidden by night#0");
}
