use crate::test_app::{Answer, TestApp};

/// Sends a target as it is, as a signed-in client would.
async fn ask(app: &TestApp, session: &str, target: &str, host: &str) -> Answer {
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-portico={session}\r\nX-CSRF: 1\r\nConnection: close\r\n\r\n"
    );
    app.raw(request).await
}

#[tokio::test]
async fn case_43_a_path_that_two_readers_could_understand_differently_is_refused() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let session = bob.session().expect("an id");
    let host = app.addr.to_string();
    let ambiguous = [
        "/bff/acme.todos/todos/%2e%2e/admin/users",
        "/bff/acme.todos/todos/%2E%2E/admin/users",
        "/bff/acme.todos/todos/..%2fadmin/users",
        "/bff/acme.todos/todos/../admin/users",
        "/bff/acme.todos/todos/./7",
        "/bff/acme.todos/todos/.%2e/admin/users",
        "/bff/acme.todos/todos%2f7",
        "/bff/acme.todos/todos%2F..%2Fadmin",
        "/bff/acme.todos/todos/7%23x",
        "/bff/acme.todos/todos/7%3fx",
        "/bff/acme.todos/todos;x=1/7",
        "/bff/acme.todos/todos/7;jsessionid=1",
        "/bff/acme.todos/todos/..;/admin/users",
        "/bff/acme.todos/todos%3b/7",
        "/bff/acme.todos//todos",
        "/bff/acme.todos/todos//7",
        "/bff/acme.todos//admin/users",
        "/bff/acme.todos/todos/7//",
        "/bff/acme.todos/todos%5c..%5cadmin",
        "/bff/acme.todos/Todos",
        "/bff/acme.todos/TODOS/7",
        "/bff/acme.todos/%74odos",
        "/bff/acme.todos/todos/%252e%252e/admin",
        "/bff/acme.todos/todos/%00",
        "/bff/acme.todos/todos/7%0d%0aX-Injected:%201",
        "/bff/acme.todos/todos/%c0%ae%c0%ae/admin",
        "/bff/acme.todos/todos/%",
        "/bff/acme.todos/todos/%zz",
        "/bff/acme.todos/todos/%ff",
        "/bff/acme%2etodos/todos",
        "/bff/acme.todos%2ftodos",
        "/bff//acme.todos/todos",
        "/bff/./acme.todos/todos",
        "/bff/acme.insights/../acme.todos/todos",
        "//bff/acme.todos/todos",
        "/x/../bff/acme.todos/todos",
        "/BFF/acme.todos/todos",
        "/bff/ACME.todos/todos",
        "/bff/acme.todos/todos/\u{e9}",
        "/bff/acme.todos/todos\\..\\admin",
        "/bff\\acme.todos\\todos",
    ];
    for target in ambiguous {
        let answer = ask(&app, &session, target, &host).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 400 | 404), "{target}: {status}");
        assert!(
            app.todos.seen().is_empty() && app.insights.seen().is_empty(),
            "{target} reached an upstream"
        );
    }
}

#[tokio::test]
async fn case_43_what_is_allowed_is_forwarded_byte_for_byte() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let session = bob.session().expect("an id");
    for (target, forwarded) in [
        ("/bff/acme.todos/todos", "/todos"),
        ("/bff/acme.todos/todos/", "/todos/"),
        ("/bff/acme.todos/todos/7/items", "/todos/7/items"),
        ("/bff/acme.todos/todos/a%20b%C3%A9", "/todos/a%20b%C3%A9"),
        ("/bff/acme.todos/todos?", "/todos?"),
        ("/bff/acme.todos/todos?path=../../admin&x=%2e%2e%2f;a=1", "/todos?path=../../admin&x=%2e%2e%2f;a=1"),
        ("/bff/acme.todos/todos/admin", "/todos/admin"),
        ("/bff/acme.todos/todos/bff/acme.insights", "/todos/bff/acme.insights"),
    ] {
        ask(&app, &session, target, &app.addr.to_string()).await.expect(200);
        assert_eq!(app.todos.last().target(), forwarded);
    }
}

#[tokio::test]
async fn case_44_an_absolute_target_or_a_foreign_host_reaches_the_configured_upstream_only() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let session = bob.session().expect("an id");
    let insights = app.insights.addr.to_string();
    let mut forwarded = 0;
    for (target, host) in [
        ("/bff/acme.todos/todos".to_owned(), "evil.test".to_owned()),
        ("/bff/acme.todos/todos".to_owned(), insights.clone()),
        ("http://evil.test/bff/acme.todos/todos".to_owned(), "evil.test".to_owned()),
        (format!("http://{insights}/bff/acme.todos/todos"), insights.clone()),
        (format!("http://user:password@{insights}/bff/acme.todos/todos"), insights.clone()),
        ("/bff/acme.todos/todos".to_owned(), "169.254.169.254".to_owned()),
    ] {
        let before = app.todos.seen().len();
        let answer = ask(&app, &session, &target, &host).await;
        assert!(app.insights.seen().is_empty(), "{target} with Host: {host}");
        assert!(target.starts_with("http:") || answer.status == 200, "an origin form is judged by its path");
        if answer.status.as_u16() == 200 {
            forwarded += 1;
            let seen = app.todos.last();
            assert_eq!(
                (seen.target(), seen.header("host")),
                ("/todos", app.todos.addr.to_string().as_str()),
                "{target}"
            );
            assert_eq!(app.todos.seen().len(), before + 1, "{target}");
        } else {
            assert_eq!((answer.status.as_u16(), app.todos.seen().len()), (400, before), "{target}");
        }
    }
    assert!(forwarded >= 3, "some of them are calls, and go where the operator says");
    let before = app.todos.seen().len();
    for target in ["http://evil.test/", "evil.test:443", "*"] {
        let answer = ask(&app, &session, target, "evil.test").await;
        assert!(!answer.text().contains("evil.test/"), "{target}");
        assert_eq!((app.todos.seen().len(), app.insights.seen().len()), (before, 0), "{target}");
    }
}
