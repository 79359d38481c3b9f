//! What one decision about a call costs: by roles alone, by Cedar with the policies of the operator's guide, and by Cedar with
//! a hundred policies, each for another remote; the same question again and again, and another one each time. One line of JSON,
//! nanoseconds per decision, for `make bench`.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use portico_policy::{
    Action, CedarConfig, CedarPolicy, Claims, PathParameter, PolicyConfig, PolicyEngine, Principal, Query,
    Resource, RolePolicy,
};

const ROUNDS: u32 = 5;
const ASKED: usize = 20_000;

/// What begins every set of policies, as the operator's guide (`docs/gateway.md`) shows it.
const GUIDE: &str = r#"
@id("everyone")
permit(principal, action, resource);

@id("writing-is-for-sales")
forbid(principal, action == Portico::Action::"call", resource in Portico::Remote::"acme.orders")
when { context.method != "GET" }
unless {
  principal is Portico::Person &&
  principal.hasTag("department") && principal.getTag("department").contains("sales")
};

@id("own-organization")
forbid(principal, action == Portico::Action::"call", resource)
when { resource.hasTag("org") }
unless { principal is Portico::Person && resource.getTag("org") == principal.organization };
"#;

#[expect(clippy::print_stdout, reason = "the line is what it is run for")]
fn main() -> Result<(), Box<dyn Error>> {
    let roles = measure(&RolePolicy, 1)?;
    let few = cedar(GUIDE.to_owned())?;
    let others = (0..97).map(|number| {
        let remote = format!("Portico::Remote::\"acme.remote-{number}\"");
        format!(
            "@id(\"closed-{number}\") forbid(principal, action == Portico::Action::\"call\", resource in {remote})
             unless {{ principal is Portico::Person && principal in Portico::Role::\"admin\" }};\n"
        )
    });
    let many = cedar(others.fold(GUIDE.to_owned(), |all, one| all + &one))?;
    let [known_few, known_many] = [measure(&*few, 1)?, measure(&*many, 1)?];
    let [new_few, new_many] = [measure(&*few, ASKED)?, measure(&*many, ASKED)?];
    println!(
        r#"{{"roles":{roles:.1},"known":{{"few":{known_few:.0},"many":{known_many:.0}}},"new":{{"few":{new_few:.0},"many":{new_many:.0}}}}}"#
    );
    Ok(())
}

fn cedar(policies: String) -> Result<Arc<dyn PolicyEngine>, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("policies.cedar"), policies)?;
    let config = CedarConfig { policies: Some(directory.path().to_owned()), schema: None };
    Ok(Arc::new(CedarPolicy::open(config)?))
}

/// Nanoseconds for one decision that allows, of so many different ones: the fastest of some rounds, since whatever disturbs only adds.
fn measure(engine: &dyn PolicyEngine, questions: usize) -> Result<f64, Box<dyn Error>> {
    let claims = [("department".to_owned(), vec!["sales".to_owned(), "support".to_owned()])].into();
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    let person = Principal::new("https://idp.example", "bob", "acme")
        .with_roles(vec!["member".to_owned()], entitlements)
        .with_claims(Claims::new(Some(Arc::new(claims))));
    let (pattern, required) = ("/orgs/{org}/todos/*", ["todos.read".to_owned()]);
    let parameters = PathParameter::all_in(pattern);
    let paths: Vec<String> = (0..questions).map(|number| format!("/orgs/acme/todos/{number}")).collect();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for path in paths.iter().cycle().take(ASKED) {
            let resource = Resource::Route { remote: "acme.todos", pattern, path };
            let query = Query::new(Some(&person), Action::Call("GET"), resource)
                .requiring(&required)
                .on_condition(&[], &parameters, None);
            let decision = engine.decide_now(black_box(&query)).ok_or("it answers at once")?;
            if !decision.is_allowed() {
                return Err(decision.reason.into());
            }
        }
        best = best.min(begun.elapsed().as_nanos() as f64 / ASKED as f64);
    }
    Ok(best)
}
