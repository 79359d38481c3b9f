//! What another site can make a browser send, on every URL that changes something or costs an upstream.

use http::Method;
use serde_json::json;

use crate::api::functions;
use crate::test_app::{Browser, RequestBuilder, TestApp};

/// Every request that changes state, and the proxy's reads: method, path, media type, body.
fn requests() -> Vec<(Method, String, &'static str, String)> {
    let json_type = "application/json";
    let switch = json!({ "organization": "globex", "return_to": "/" }).to_string();
    let event = json!({ "specversion": "1.0", "source": "@acme/echo", "type": "echo.request", "data": 1 })
        .to_string();
    let mut all = vec![
        (Method::POST, "/auth/logout".to_owned(), "application/x-www-form-urlencoded", String::new()),
        (Method::POST, "/api/platform/organization".into(), json_type, switch.clone()),
        (
            Method::POST,
            "/api/platform/organization".into(),
            "application/x-www-form-urlencoded",
            "organization=globex".into(),
        ),
        (Method::POST, "/api/platform/remotes/acme.insights/token".into(), json_type, String::new()),
        (Method::POST, "/api/platform/rum".into(), json_type, "[]".into()),
        (Method::POST, "/api/platform/reports".into(), json_type, "[]".into()),
        (Method::POST, "/events".into(), "application/cloudevents+json", event),
        (Method::GET, "/bff/acme.todos/todos".into(), json_type, String::new()),
        (Method::HEAD, "/bff/acme.todos/todos".into(), json_type, String::new()),
        (Method::POST, "/bff/acme.todos/todos".into(), json_type, "{}".into()),
        (Method::POST, "/bff/acme.todos/todos".into(), "text/plain", "{}".into()),
        (Method::POST, "/bff/acme.todos/todos".into(), "application/x-www-form-urlencoded", "a=1".into()),
        (Method::POST, "/bff/acme.todos/todos".into(), "multipart/form-data; boundary=x", "--x--".into()),
        (Method::DELETE, "/bff/acme.todos/todos/7".into(), json_type, String::new()),
    ];
    all.extend(functions().into_iter().map(|path| (Method::POST, path, json_type, switch.clone())));
    all
}

/// Sends every one of them in a signed-in browser, each prepared by `prepare`, and expects that nothing happens.
async fn nothing_happens(prepare: impl Fn(RequestBuilder<'_>) -> RequestBuilder<'_>) {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let session = erin.session();
    for (method, path, media_type, body) in requests() {
        let request = erin.request(method.clone(), &path);
        let request = if body.is_empty() { request } else { request.body(media_type, body) };
        let answer = prepare(request).send().await;
        assert_eq!(answer.status.as_u16(), 403, "{method} {path} {media_type}");
        if method != Method::HEAD {
            assert_eq!(answer.problem_kind(403), "forbidden");
        }
        assert!(answer.set_cookies().is_empty(), "{path}");
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{path}");
    }
    unchanged(&app, &erin, session).await;
}

async fn unchanged(app: &TestApp, erin: &Browser, session: Option<String>) {
    assert!(app.todos.seen().is_empty(), "no upstream was asked");
    assert_eq!(
        app.outbound.count("exchange") + app.outbound.count("refresh_token"),
        0,
        "the provider was not asked"
    );
    assert_eq!(erin.session(), session);
    assert_eq!(erin.get("/api/platform/session").send().await.expect(200).json()["orgId"], "acme");
}

#[tokio::test]
async fn case_24_a_request_that_does_not_say_where_it_comes_from_is_refused() {
    nothing_happens(|request| request.sent_from_nowhere()).await;
    nothing_happens(|request| request.sent_from_nowhere().header("x-csrf", "")).await;
    nothing_happens(|request| request.sent_from_nowhere().header("x-csrf", "0")).await;
}

#[tokio::test]
async fn case_25_cross_site_and_same_site_are_refused_whatever_else_is_sent() {
    for site in ["cross-site", "same-site", "none", "Same-Origin", ""] {
        nothing_happens(move |request| request.sent_from(site).header("x-csrf", "1")).await;
    }
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let own = erin
        .post("/bff/acme.todos/todos")
        .sent_from("cross-site")
        .header("origin", &app.origin)
        .header("x-csrf", "1");
    own.json(&json!({})).send().await.problem(403);
    let doubled = erin
        .post("/auth/logout")
        .sent_from_nowhere()
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-site", "cross-site");
    doubled.send().await.problem(403);
}

#[tokio::test]
async fn case_26_foreign_null_and_look_alike_origins_are_refused() {
    for origin in ["https://evil.test", "null", "http://127.0.0.1.evil.test", "http://127.0.0.1", "", "*"] {
        nothing_happens(move |request| {
            request.sent_from_nowhere().header("origin", origin).header("x-csrf", "1")
        })
        .await;
    }
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let port = app.addr.port();
    let look_alikes = [
        format!("{}.evil.test", app.origin),
        format!("{}0", app.origin),
        format!("{}/", app.origin),
        format!("https://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port} http://evil.test"),
        format!("http://evil.test/http://127.0.0.1:{port}"),
        format!("http://evil127.0.0.1:{port}"),
        app.origin.to_uppercase(),
    ];
    for origin in look_alikes {
        let answer = erin
            .post("/bff/acme.todos/todos")
            .sent_from_nowhere()
            .header("origin", &origin)
            .json(&json!({}))
            .send()
            .await;
        assert_eq!(answer.problem_kind(403), "forbidden", "{origin}");
        assert!(answer.header("access-control-allow-origin").is_empty());
    }
    let preflight = erin
        .request(Method::OPTIONS, "/bff/acme.todos/todos")
        .sent_from("cross-site")
        .header("origin", "https://evil.test")
        .header("access-control-request-method", "POST");
    assert!(preflight.send().await.header("access-control-allow-origin").is_empty());
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn a_request_of_the_portals_own_pages_is_served_however_the_client_says_so() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    for request in [
        erin.get("/bff/acme.todos/todos"),
        erin.get("/bff/acme.todos/todos").sent_from_nowhere().header("origin", &app.origin),
        erin.get("/bff/acme.todos/todos").sent_from_nowhere().header("x-csrf", "1"),
    ] {
        request.send().await.expect(200);
    }
}

#[tokio::test]
async fn case_27_no_server_function_changes_anything_for_a_cross_site_form() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let session = erin.session();
    let fields = [
        ("organization", "globex"),
        ("return_to", "/"),
        ("remote", "acme.insights"),
        ("source", "@acme/echo"),
        ("kind", "echo.request"),
        ("data", "1"),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let body = json!({ "organization": "globex", "return_to": "/" }).to_string();
    for path in functions() {
        let get = erin.get(&format!("{path}?{query}")).sent_from("cross-site").send().await;
        assert!(matches!(get.status.as_u16(), 403 | 405), "{path}: {}", get.status);
        erin.post(&path).sent_from("cross-site").form(&fields).send().await.problem(403);
        // A form with enctype="text/plain" can spell JSON.
        erin.post(&path).sent_from("cross-site").body("text/plain", body.clone()).send().await.problem(403);
        erin.post(&path)
            .sent_from("cross-site")
            .body("multipart/form-data; boundary=x", "--x--")
            .send()
            .await
            .problem(403);
        // Even from the portal's own pages, a form is not how functions are called.
        erin.post(&path).form(&fields).send().await.problem(415);
        erin.get(&format!("{path}?{query}")).send().await.problem(405);
    }
    unchanged(&app, &erin, session).await;
}
