use std::sync::Arc;

use portico_gateway::{BackendSpec, Bounds};
use portico_openapi::{Document, FieldProblem};

use crate::world::{Seen, Upstream, World, ok, spec, with_body};

const TODOS: &str = r##"
openapi: 3.1.0
paths:
  /todos:
    get:
      parameters: [{ name: limit, in: query, schema: { type: integer, maximum: 9 } }]
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: { type: object, required: [title], properties: { title: { type: string, maxLength: 9 } } }
          application/octet-stream: {}
"##;

async fn world() -> (Upstream, World) {
    let upstream = Upstream::start(vec![ok()]).await;
    let document = Document::parse("openapi.yaml", TODOS.as_bytes()).expect("a document");
    let spec =
        BackendSpec { document: Some(Arc::new(document)), ..spec(&format!("http://{}", upstream.address)) };
    let mut world = World::with(spec);
    world.gateway = world.gateway.with_bounds(Bounds { validated_body: 100, ..Bounds::default() });
    (upstream, world)
}

fn fields(seen: &Seen) -> Vec<(String, String)> {
    let portico_gateway::CallError::Rejected(rejection) = seen.result.as_ref().expect_err("refused") else {
        panic!("{seen:?}")
    };
    let named = |problem: &FieldProblem| (problem.pointer.clone(), problem.detail.clone());
    rejection.fields().iter().map(named).collect()
}

#[tokio::test]
async fn what_does_not_fit_the_document_is_refused_by_its_field_and_never_goes_out() {
    let (upstream, world) = world().await;
    let query = world.call("GET", "/bff/acme.todos/todos?limit=10").await;
    assert_eq!((query.status(), fields(&query)[0].0.as_str()), (400, "#/limit"));
    let json = [("content-type", "application/json")];
    let post = |fields: &[(&str, &str)], body: &str| with_body("POST", "/bff/acme.todos/todos", fields, body);
    let body = world.send(post(&json, r#"{"title":"a secret that is long"}"#)).await;
    assert_eq!((body.status(), fields(&body)[0].0.as_str()), (422, "#/title"));
    assert!(!fields(&body)[0].1.contains("secret"));
    assert!(
        !body.result.as_ref().expect_err("refused").to_string().contains("secret"),
        "not in the log either"
    );
    assert_eq!(world.send(post(&json, "{")).await.status(), 400);
    assert_eq!(world.send(post(&json, r#"{"title":"a","title":"b"}"#)).await.status(), 400);
    assert_eq!(world.send(post(&[("content-type", "text/xml")], "<a/>")).await.status(), 415);
    assert_eq!(world.send(post(&[], "")).await.status(), 400, "a body is required");
    let long = format!("{{\"title\":\"a\",\"x\":\"{}\"}}", "x".repeat(100));
    assert_eq!(world.send(post(&json, &long)).await.status(), 413);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos/7").await.problem(), "operation-not-described");
    assert!(upstream.arrived().is_empty(), "nothing goes out: {:?}", upstream.arrived());
}

#[tokio::test]
async fn what_fits_goes_out_byte_for_byte() {
    let (upstream, world) = world().await;
    let body = "{ \"title\" : \"Paint\",\"n\":1.0e2 }";
    let json = [("content-type", "application/json;charset=utf-8")];
    assert_eq!(world.send(with_body("POST", "/bff/acme.todos/todos", &json, body)).await.status(), 200);
    assert_eq!(upstream.only().body, body.as_bytes());
    let bytes = [("content-type", "application/octet-stream")];
    let long = "x".repeat(100_000);
    assert_eq!(world.send(with_body("POST", "/bff/acme.todos/todos", &bytes, &long)).await.status(), 200);
    assert_eq!(upstream.arrived()[1].body.len(), long.len());
    assert_eq!(world.call("HEAD", "/bff/acme.todos/todos?limit=9").await.status(), 200);
}

#[tokio::test]
async fn what_a_person_may_not_do_is_refused_before_anything_is_said_of_its_form() {
    let (upstream, mut world) = world().await;
    let bob = world.bob.take().expect("bob");
    world.bob = Some(portico_policy::Principal::new(bob.issuer, bob.subject, bob.organization));
    assert_eq!(world.call("GET", "/bff/acme.todos/todos?limit=10").await.problem(), "forbidden");
    assert!(upstream.arrived().is_empty());
}
