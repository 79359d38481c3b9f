//! What one decision about a call costs: by roles alone, by Cedar with the policies of the operator's guide, and by Cedar with
//! a hundred policies, each for another remote. One line of JSON, nanoseconds per decision, for `make bench`.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use portico_policy::{
    Action, CedarConfig, CedarPolicy, Claims, PathParameter, PolicyConfig, PolicyEngine, Principal, Query,
    Resource, RolePolicy,
};

const ROUNDS: u32 = 5;
const ASKED: u32 = 20_000;

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
    let roles = measure(&RolePolicy)?;
    let few = measure(&*cedar(GUIDE.to_owned())?)?;
    let others = (0..97).map(|number| {
        let remote = format!("Portico::Remote::\"acme.remote-{number}\"");
        format!(
            "@id(\"closed-{number}\") forbid(principal, action == Portico::Action::\"call\", resource in {remote})
             unless {{ principal is Portico::Person && principal in Portico::Role::\"admin\" }};\n"
        )
    });
    let many = measure(&*cedar(others.fold(GUIDE.to_owned(), |all, one| all + &one))?)?;
    println!(r#"{{"roles":{roles:.1},"few":{few:.0},"many":{many:.0}}}"#);
    Ok(())
}

fn cedar(policies: String) -> Result<Arc<dyn PolicyEngine>, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("policies.cedar"), policies)?;
    let config = CedarConfig { policies: Some(directory.path().to_owned()), schema: None };
    Ok(Arc::new(CedarPolicy::open(config)?))
}

/// Nanoseconds for one decision that allows: the fastest of some rounds, since whatever disturbs only adds.
fn measure(engine: &dyn PolicyEngine) -> Result<f64, Box<dyn Error>> {
    let claims = [("department".to_owned(), vec!["sales".to_owned(), "support".to_owned()])].into();
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    let person = Principal::new("https://idp.example", "bob", "acme")
        .with_roles(vec!["member".to_owned()], entitlements)
        .with_claims(Claims::new(Some(Arc::new(claims))));
    let (pattern, required) = ("/orgs/{org}/todos/*", ["todos.read".to_owned()]);
    let parameters = PathParameter::all_in(pattern);
    let resource = Resource::Route { remote: "acme.todos", pattern, path: "/orgs/acme/todos/7" };
    let query = Query::new(Some(&person), Action::Call("GET"), resource).requiring(&required).on_condition(
        &[],
        &parameters,
        None,
    );
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..ASKED {
            let decision = engine.decide_now(black_box(&query)).ok_or("it answers at once")?;
            if !decision.is_allowed() {
                return Err(decision.reason.into());
            }
        }
        best = best.min(begun.elapsed().as_nanos() as f64 / f64::from(ASKED));
    }
    Ok(best)
}
