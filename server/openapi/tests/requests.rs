//! What a caller is told about a request that does not fit the service's description.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use portico_openapi::{BodyRule, Document, FieldProblem, Rejection};

const TODOS: &str = r##"
openapi: 3.1.0
info: { title: Todos, version: 1.0.0 }
paths:
  /todos:
    get:
      parameters:
        - { name: status, in: query, schema: { type: string, enum: [all, open, done] } }
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 100 } }
        - { name: tag, in: query, schema: { type: array, maxItems: 2, items: { type: string, maxLength: 3 } } }
        - { name: ids, in: query, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: X-Trace-Level, in: header, required: true, schema: { type: integer } }
    post:
      requestBody:
        required: true
        content:
          application/json: { schema: { $ref: "#/components/schemas/New" } }
          text/*: {}
  /todos/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: string, format: uuid } }
    delete: {}
components:
  schemas:
    New:
      type: object
      additionalProperties: false
      required: [title, id]
      properties:
        id: { type: string, readOnly: true }
        title: { type: string, minLength: 1, maxLength: 10 }
        due: { type: [string, "null"], format: date }
        tags: { type: array, items: { type: object, required: [name], properties: { name: { type: string } } } }
"##;

fn todos() -> Document {
    Document::parse("openapi.yaml", TODOS.as_bytes()).expect("a document")
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    fields.iter().map(field).collect()
}

fn list(query: &str) -> Result<(), Rejection> {
    let document = todos();
    let found = document.operation(&Method::GET, "/todos").expect("an operation");
    found.check_head(Some(query), &headers(&[("x-trace-level", "7")]), false).map(drop)
}

fn add(content_type: &'static str, body: &str) -> Result<(), Rejection> {
    let document = todos();
    let found = document.operation(&Method::POST, "/todos").expect("an operation");
    match found.check_head(None, &headers(&[("content-type", content_type)]), true)? {
        BodyRule::Any => Ok(()),
        BodyRule::Json(schema) => schema.check(body.as_bytes()),
    }
}

#[track_caller]
fn only(result: Result<(), Rejection>) -> (String, String) {
    let rejection = result.expect_err("it must be refused");
    let [FieldProblem { place, pointer, detail }] = rejection.fields() else {
        panic!("one field: {rejection:?}")
    };
    (format!("{} {pointer}", place.as_str()), detail.clone())
}

#[test]
fn what_fits_the_description_passes() {
    for query in ["", "status=open&limit=7", "tag=a&tag=b", "ids=1,2,3", "unknown=1", "limit=100&limit2=x"] {
        list(query).unwrap_or_else(|rejection| panic!("{query}: {rejection}"));
    }
    add("application/json; charset=utf-8", r#"{"title":"Paint","due":null,"tags":[{"name":"x"}]}"#)
        .expect("fits");
    add("text/plain", "anything").expect("a type whose content is not described");
    let document = todos();
    let found =
        document.operation(&Method::DELETE, "/todos/8b7a5f0e-5a0d-4f0e-9b53-0a4f3c3a2f11").expect("known");
    found.check_head(None, &HeaderMap::new(), false).expect("fits");
}

#[test]
fn a_parameter_that_does_not_fit_is_named_and_its_value_is_not_repeated() {
    for (query, field, detail) in [
        ("status=s3cret", "query #/status", "is not one of"),
        ("limit=0", "query #/limit", "less than the minimum of 1"),
        ("limit=s3cret", "query #/limit", "not of type \"integer\""),
        ("limit=1.5", "query #/limit", "not of type \"integer\""),
        ("limit=1&limit=2", "query #/limit", "more than once"),
        ("tag=a&tag=b&tag=c", "query #/tag", "more than 2 items"),
        ("tag=s3cret", "query #/tag", "longer than 3 characters"),
        ("ids=1,s3cret", "query #/ids", "not of type \"integer\""),
    ] {
        let (named, said) = only(list(query));
        assert_eq!(named, field, "{query}");
        assert!(said.contains(detail) && !said.contains("s3cret"), "{query}: {said}");
    }
    let document = todos();
    let list = document.operation(&Method::GET, "/todos").expect("known");
    assert_eq!(only(list.check_head(None, &HeaderMap::new(), false).map(drop)).0, "header #/X-Trace-Level");
    let delete = document.operation(&Method::DELETE, "/todos/7").expect("known");
    assert_eq!(only(delete.check_head(None, &HeaderMap::new(), false).map(drop)).0, "path #/id");
    assert_eq!(only(delete.check_head(None, &HeaderMap::new(), true).map(drop)).0, "path #/id");
}

#[test]
fn a_member_of_the_body_that_does_not_fit_is_named_and_its_value_is_not_repeated() {
    for (body, field, detail) in [
        (r#"{"title":""}"#, "body #/title", "shorter than 1"),
        (r#"{"title":"s3cret s3cret"}"#, "body #/title", "longer than 10"),
        (r#"{"due":"2027-01-01"}"#, "body #/title", "is missing"),
        (r#"{"title":"a","due":"s3cret"}"#, "body #/due", "is not a"),
        (r#"{"title":"a","a/b":"s3cret"}"#, "body #/a~1b", "not a declared member"),
        (r#"{"title":"a","tags":[{"name":"x"},{"name":5}]}"#, "body #/tags/1/name", "not of type \"string\""),
        (r#""s3cret""#, "body #", "not of type \"object\""),
    ] {
        let (named, said) = only(add("application/json", body));
        assert_eq!(named, field, "{body}");
        assert!(said.contains(detail) && !said.contains("s3cret"), "{body}: {said}");
    }
}

#[test]
fn a_body_that_is_not_the_json_it_claims_to_be_is_refused() {
    for body in ["", "{", "s3cret", "{\"title\":\"a\",\"title\":\"b\"}", "{\"title\":\"a\"} x"] {
        let refused = add("application/json", body).expect_err(body);
        assert!(
            matches!(refused, Rejection::NotJson(_)) && !refused.to_string().contains("s3cret"),
            "{refused}"
        );
    }
}

#[test]
fn another_content_type_than_the_listed_ones_is_refused_with_the_list() {
    let listed = || Rejection::ContentType(vec!["application/json".to_owned(), "text/*".to_owned()]);
    assert_eq!(add("application/xml", "<a/>"), Err(listed()));
    let document = todos();
    let post = document.operation(&Method::POST, "/todos").expect("known");
    assert_eq!(post.check_head(None, &HeaderMap::new(), true).map(drop), Err(listed()));
    let packed = headers(&[("content-type", "application/json"), ("content-encoding", "gzip")]);
    assert_eq!(post.check_head(None, &packed, true).map(drop), Err(listed()));
    assert_eq!(only(post.check_head(None, &HeaderMap::new(), false).map(drop)).0, "body #");
}

#[test]
fn a_call_that_the_document_does_not_know_has_no_operation() {
    let document = todos();
    for (method, path) in
        [(Method::PUT, "/todos"), (Method::GET, "/todos/7"), (Method::GET, "/"), (Method::GET, "/x")]
    {
        assert!(document.operation(&method, path).is_err(), "{method} {path}");
    }
    assert!(
        document.operation(&Method::HEAD, "/todos/").is_ok(),
        "GET answers HEAD, and a slash at the end changes nothing"
    );
    assert!(document.knows("GET", "/todos/**") && document.knows("DELETE", "/todos/*"));
    assert!(!document.knows("PUT", "/todos/**") && !document.knows("GET", "/todos/*"));
}

#[test]
fn a_document_of_version_3_0_is_read_in_its_own_dialect() {
    let text = r#"{ "openapi": "3.0.3", "paths": { "/a": { "put": { "requestBody": { "content": { "application/json": {
        "schema": { "type": "object", "properties": {
            "name": { "type": "string", "nullable": true },
            "share": { "type": "number", "minimum": 0, "exclusiveMinimum": true } } } } } } } } } }"#;
    let document = Document::parse("openapi.json", text.as_bytes()).expect("a document");
    let put = document.operation(&Method::PUT, "/a").expect("known");
    let json = headers(&[("content-type", "application/json")]);
    let BodyRule::Json(body) = put.check_head(None, &json, true).expect("fits") else { panic!("a schema") };
    body.check(br#"{"name":null,"share":0.1}"#).expect("fits");
    assert_eq!(only(body.check(br#"{"share":0}"#)).0, "body #/share");
}

#[test]
fn a_document_that_cannot_be_used_says_where() {
    let with = |paths: &str| format!("openapi: 3.1.0\npaths:\n{paths}");
    let cases = [
        ("swagger: '2.0'".to_owned(), "/openapi"),
        ("[1".to_owned(), ""),
        (with("  todos: {}"), "/paths/todos"),
        (with("  /a: { get: { parameters: [{ in: query }] } }"), "/paths/~1a/get/parameters/0"),
        (with("  /a: { get: { parameters: [{ name: x, in: body }] } }"), "/paths/~1a/get/parameters/0"),
        (
            with(
                "  /a: { get: { parameters: [{ name: x, in: query, schema: { $ref: 'https://evil.example/s.json' } }] } }",
            ),
            "/paths/~1a/get/parameters/0/schema",
        ),
        (
            with("  /a: { get: { parameters: [{ name: x, in: query, schema: { $ref: '#/nowhere' } }] } }"),
            "/paths/~1a/get/parameters/0/schema",
        ),
        (
            with("  /a: { get: { parameters: [{ name: x, in: query, schema: { pattern: '(?=a)b' } }] } }"),
            "/paths/~1a/get/parameters/0/schema",
        ),
        (with("  /a: { put: { requestBody: {} } }"), "/paths/~1a/put/requestBody"),
    ];
    for (text, pointer) in cases {
        let error = Document::parse("openapi.yaml", text.as_bytes()).expect_err(&text);
        assert_eq!(error.pointer, pointer, "{text}: {error}");
    }
    let nested = with(
        "  /a: { put: { requestBody: { content: { application/json: { schema: { properties: { b: { $ref: 'https://evil.example/s.json' } } } } } } } }",
    );
    assert!(Document::parse("openapi.yaml", nested.as_bytes()).is_err(), "nothing is fetched");
}

#[test]
fn a_document_that_grows_when_it_is_unfolded_is_refused() {
    let mut text = "openapi: 3.1.0\nx-0: &x0 [a,a,a,a,a,a,a,a,a,a]\n".to_owned();
    for level in 1..12 {
        let before = format!("*x{}", level - 1);
        text.push_str(&format!("x-{level}: &x{level} [{}]\n", vec![before; 10].join(",")));
    }
    text.push_str("paths: {}\n");
    assert!(Document::parse("openapi.yaml", text.as_bytes()).is_err());
}
