//! No token is anywhere but where it is meant to be: every one that the provider ever issued is looked for in everything
//! that the portal says to browsers and to its log.

use portico_dev_idp::{Endpoint, Failure, IssuedToken, TokenKind};
use serde_json::json;
use time::Duration;

use crate::test_app::{Answer, Browser, INSIGHTS_AUDIENCE, Log, Reply, TestApp};

/// What was said, by the place where it was said.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn keep(&mut self, place: &str, answer: &Answer) {
        self.0.push((
            place.to_owned(),
            format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.body)),
        ));
    }

    async fn get(&mut self, browser: &Browser, path: &str) -> Answer {
        let answer = browser.get(path).sent_from("none").send().await;
        self.keep(path, &answer);
        answer
    }

    /// Goes wherever redirects lead, and keeps every answer on the way.
    async fn follow(&mut self, browser: &Browser, path: &str) {
        let mut answer = self.get(browser, path).await;
        let mut at = url::Url::parse(&answer_url(browser, path)).expect("a URL");
        while answer.status.is_redirection() {
            at = at.join(answer.location()).expect("a redirect names a URL");
            answer = self.get(browser, at.as_str()).await;
        }
    }

    /// Where a token, or the part of it that is only its own, was said.
    fn leaks<'a>(&'a self, tokens: &'a [IssuedToken]) -> Vec<(&'a TokenKind, &'a str)> {
        let mut found = Vec::new();
        for token in tokens {
            // A JWT's signature tells it from every other; so a log that cuts the beginning off is caught too.
            let own = token.value.rsplit('.').next().unwrap_or(&token.value);
            assert!(own.len() >= 16, "too short to be found by");
            let said = self.0.iter().filter(|(_, text)| text.contains(own));
            found.extend(said.map(|(place, _)| (&token.kind, place.as_str())));
        }
        found
    }
}

fn answer_url(browser: &Browser, path: &str) -> String {
    if path.starts_with('/') { format!("{}{path}", browser.origin()) } else { path.to_owned() }
}

/// A person's day: pages, calls, token mode, a switch, a refresh, errors of every kind, the logout.
/// Returns the session id it ended with.
async fn a_day(app: &TestApp, erin: &Browser, said: &mut Said) -> String {
    said.follow(erin, "/auth/login?login_hint=erin").await;
    for path in [
        "/",
        "/todos",
        "/insights",
        "/org-admin",
        "/nothing",
        "/api/platform/session",
        "/api/platform/applications",
        "/api/nothing",
        "/bff/acme.todos/todos",
        "/bff/acme.todos/admin/x",
        "/bff/acme.nothing/x",
        "/remotes/acme.todos/1.2.0/index.js",
        "/auth/callback?state=x&code=y",
        "/auth/login?prompt=none",
        "/readyz",
    ] {
        said.get(erin, path).await;
    }
    for name in ["session", "applications", "subscribe_events"] {
        said.keep(name, &erin.function(name, &json!({})).send().await);
    }
    // An upstream that is broken, and one that does not take the token.
    for reply in [Reply::Hangup, Reply::status(401), Reply::status(500)] {
        app.todos.answers(move |_| reply.clone());
        said.keep("a failing upstream", &erin.get("/bff/acme.todos/todos").send().await);
    }
    for failure in [Failure::Status(503), Failure::Nonsense, Failure::OAuth("invalid_client")] {
        app.pass(Duration::minutes(6));
        app.dev_idp().fail_next(Endpoint::Token, failure);
        said.keep("a failing refresh", &erin.get("/bff/acme.todos/todos").send().await);
        app.todos.answers(|_| Reply::status(200));
        said.keep("a refresh", &erin.get("/bff/acme.todos/todos").send().await);
    }
    let token = erin.post("/api/platform/remotes/acme.insights/token").send().await;
    said.keep("token mode", token.expect(200));
    said.keep("no token mode", &erin.post("/api/platform/remotes/acme.todos/token").send().await);
    let switch = json!({ "organization": "globex" });
    said.keep("switch", erin.post("/api/platform/organization").json(&switch).send().await.expect(200));
    said.get(erin, "/").await;
    said.keep("a call after the switch", &erin.get("/bff/acme.todos/todos").send().await);
    let session = erin.session().expect("signed in");
    said.keep("logout", &erin.post("/auth/logout").send().await);
    said.get(erin, "/").await;
    said.keep("metrics", &app.admin("/metrics").await);
    said.keep("readiness", &app.admin("/readyz").await);
    session
}

#[tokio::test]
async fn case_22_no_token_that_was_ever_issued_is_in_any_answer_error_or_log_line() {
    let log = Log::keep();
    let app = TestApp::start().await;
    let erin = app.browser();
    let mut said = Said::default();
    let session = a_day(&app, &erin, &mut said).await;
    said.0.push(("log".into(), log.text()));
    let tokens = app.dev_idp().issued_tokens();
    for kind in [TokenKind::Id, TokenKind::Access, TokenKind::Refresh] {
        assert!(tokens.iter().filter(|token| token.kind == kind).count() >= 2, "{kind:?} was issued");
    }
    let insights = TokenKind::Exchanged { audience: INSIGHTS_AUDIENCE.to_owned() };
    let meant = |(kind, place): &(&TokenKind, &str)| {
        (**kind == insights && *place == "token mode") || (**kind == TokenKind::Id && *place == "logout")
    };
    let (meant, leaks): (Vec<_>, Vec<_>) = said.leaks(&tokens).into_iter().partition(meant);
    assert_eq!(leaks, [], "only token mode's own and the provider's id_token_hint may be said");
    assert_eq!(meant.len(), 2, "the scan finds what is really there: {meant:?}");
    assert!(!log.text().contains(&session), "the cookie is a credential too");
}

#[tokio::test]
async fn case_22_a_planted_token_makes_the_scan_fail() {
    let log = Log::keep();
    let app = TestApp::start().await;
    app.signed_in("bob").await;
    let tokens = app.dev_idp().issued_tokens();
    for token in &tokens {
        let whole = Said(vec![("a page".into(), format!("<p>{}</p>", token.value))]);
        assert!(!whole.leaks(&tokens).is_empty(), "{:?} in a page", token.kind);
        let half = Said(vec![("an error".into(), token.value[token.value.len() / 2..].to_owned())]);
        assert!(
            token.kind == TokenKind::Refresh || !half.leaks(&tokens).is_empty(),
            "half of {:?}",
            token.kind
        );
        tracing::info!(planted = token.value, "a careless line");
        let logged = Said(vec![("log".into(), log.text())]);
        assert!(logged.leaks(std::slice::from_ref(token)).len() == 1, "{:?} in the log", token.kind);
    }
}
