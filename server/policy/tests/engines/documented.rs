//! The examples of the operator's guide are policies that work.

use portico_policy::{Action, PolicyEngine, Query, Resource};

use crate::world::{bob, cedar, parameters, route};

/// The first block of `docs/gateway.md` in this language.
fn example(language: &str) -> &'static str {
    let guide = include_str!("../../../../docs/gateway.md");
    let block = guide.split(&format!("```{language}\n")).nth(1).expect("the guide has such a block");
    block.split("```").next().expect("a block ends")
}

#[test]
fn the_cedar_example_decides_as_the_guide_says() {
    let (_files, engine) = cedar(example("cedar"));
    let (bob, parameters) = (bob(), parameters());
    let about = |method, resource| {
        let query =
            Query::new(Some(&bob), Action::Call(method), resource).on_condition(&[], &parameters, None);
        engine.decide_now(&query).expect("Cedar answers at once").reason.into_owned()
    };
    assert_eq!(about("GET", route("/orgs/acme/todos/7")), "permitted by everyone");
    assert_eq!(about("GET", route("/orgs/globex/todos/7")), "forbidden by own-organization");
    let orders = Resource::Route { remote: "acme.orders", pattern: "/orders", path: "/orders" };
    assert_eq!(about("POST", orders), "permitted by everyone", "bob is of sales");
}
