//! Who is signed in: people of several organizations, one of them in two.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use portico_ports::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::test_app::{Browser, FakeProvider, json_response};

/// A person as they work for one organization.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    pub sub: &'static str,
    pub org: &'static str,
}

/// The organizations have events of their own as well, for everyone in them.
pub const ORGANIZATIONS: [&str; 3] = ["acme", "globex", "initech"];

/// `erin` works for two, in two browsers.
pub const PEOPLE: [Person; 6] = [
    Person { sub: "alice", org: "acme" },
    Person { sub: "bob", org: "acme" },
    Person { sub: "erin", org: "acme" },
    Person { sub: "erin", org: "globex" },
    Person { sub: "carol", org: "globex" },
    Person { sub: "peter", org: "initech" },
];

/// An OpenID provider behind a socket, whose tokens outlive the run: no fault of this test is a login's.
pub struct Provider(FakeProvider);

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let provider = FakeProvider::at(&issuer);
        let router = axum::Router::new().fallback(answer).with_state(Arc::new(provider.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self(provider)
    }

    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// Signs a person in.
    pub async fn login(&self, browser: &Browser, person: &Person) {
        let now = SystemClock.now().unix_timestamp();
        let claims = |claims: &mut Value| {
            claims["sub"] = json!(person.sub);
            claims["name"] = json!(person.sub);
            claims["org_id"] = json!(person.org);
            claims["organizations"] = json!([{ "id": person.org, "name": person.org, "roles": ["member"] }]);
        };
        let login = self.0.login_at(now, browser, "/auth/login", |token| claims(&mut token.claims));
        login.await.expect(303);
        let session = browser.get("/api/platform/session").send().await.expect(200).json();
        assert_eq!((&session["sub"], &session["orgId"]), (&json!(person.sub), &json!(person.org)));
    }
}

async fn answer(State(provider): State<Arc<FakeProvider>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.expect("a small body");
    let answered = provider.answer(&http::Request::from_parts(parts, body));
    let Ok(mut tokens) = serde_json::from_slice::<Value>(answered.body()) else {
        return answered.map(Body::from);
    };
    if tokens.get("refresh_token").is_none() {
        return answered.map(Body::from);
    }
    tokens["expires_in"] = json!(12 * 60 * 60);
    tokens.as_object_mut().expect("an object").remove("refresh_token");
    json_response(200, &tokens).map(Body::from)
}
