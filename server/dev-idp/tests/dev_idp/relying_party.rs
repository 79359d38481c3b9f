//! The portal's own relying party, against this provider: what the two promise each other, without a socket.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use portico_dev_idp::{Endpoint, Failure, router};
use portico_identity::client_auth::ClientAuth;
use portico_identity::provider::{
    AuthorizationRequest, OrganizationClaims, Par, Provider, ProviderConfig, Refreshed, Secret,
};
use portico_identity::session::SessionState;
use portico_identity::token::{ExchangeError, ExchangeRequest, Rfc8693, Scope, Subject, TokenExchange as _};
use portico_ports::{Clock as _, HttpClient, HttpClientError, OsRandom};
use time::Duration;
use tower::ServiceExt as _;

use crate::world::{CALLBACK, ISSUER, TODOS, VERIFIER, World, claims, url};

/// Outbound HTTP that ends in the provider's router.
struct InProcess(Router);

#[async_trait]
impl HttpClient for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        let response =
            self.0.clone().oneshot(request.map(Body::from)).await.expect("the router is infallible");
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await.expect("the body ends").to_bytes()))
    }
}

struct Portal {
    world: World,
    provider: Arc<Provider>,
    exchange: Rfc8693,
}

impl Portal {
    fn new() -> Self {
        let world = World::new();
        let app = Router::new().nest("/dev/idp", router(Arc::clone(&world.idp)));
        let http: Arc<dyn HttpClient> = Arc::new(InProcess(app));
        let config = ProviderConfig {
            issuer: url(ISSUER),
            client_id: "portal".to_owned(),
            client_auth: ClientAuth::SecretBasic(Secret("portal s3cret/+&=".to_owned())),
            redirect_uri: url(CALLBACK),
            post_logout_redirect_uri: url("http://127.0.0.1:3000/"),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            par: Par::Auto,
            organization_claims: OrganizationClaims::Portal,
            claims: Vec::new(),
        };
        let provider = Provider::new(config, http, Arc::clone(&world.clock) as _, Arc::new(OsRandom));
        let provider = Arc::new(provider);
        let exchange = Rfc8693::new(Arc::clone(&provider));
        Self { world, provider, exchange }
    }

    async fn sign_in(&self, extra: &[(&str, &str)]) -> SessionState {
        let request = AuthorizationRequest { state: "state", nonce: "nonce", code_verifier: VERIFIER, extra };
        let start = self.provider.authorization_url(request).await.expect("a login starts");
        let start = start.as_str().strip_prefix("http://127.0.0.1:3000").expect("at the issuer's origin");
        let answer = self.world.get(start).await;
        let iss = answer.redirect_param("iss");
        self.provider.check_response_issuer(iss.as_deref()).await.expect("the issuer is named");
        let code = answer.redirect_param("code").expect("a code");
        let sign_in = self.provider.redeem(&code, VERIFIER, "nonce").await.expect("a verified id_token");
        sign_in.into_state(self.world.clock.now(), Duration::hours(8))
    }

    async fn exchange(
        &self,
        state: &SessionState,
        audience: &str,
        scope: &str,
    ) -> Result<String, ExchangeError> {
        let scope = Scope::parse(scope);
        let request = ExchangeRequest {
            subject: Subject::Person(&state.tokens.access_token),
            organization: Some(&state.org_id),
            audience,
            resource: None,
            scope: &scope,
        };
        self.exchange.exchange(request).await.map(|exchanged| exchanged.token.secret().to_owned())
    }
}

#[tokio::test]
async fn it_signs_a_person_in() {
    let state = Portal::new().sign_in(&[("login_hint", "alice")]).await;
    assert_eq!((state.person.sub.as_str(), state.person.name.as_str()), ("demo|alice", "Alice Archer"));
    assert_eq!(state.person.email.as_deref(), Some("alice@acme.example"));
    assert_eq!((state.org_id.as_str(), state.roles()), ("acme", ["admin".to_owned()].as_slice()));
    assert!(state.sid.is_some());
}

#[tokio::test]
async fn it_refreshes_and_switches_organization() {
    let portal = Portal::new();
    let state = portal.sign_in(&[("login_hint", "erin")]).await;
    let refreshed = portal.provider.refresh(&state, Some("globex")).await.expect("new tokens");
    let Refreshed::SignIn(moved) = refreshed else { panic!("a new id_token") };
    assert_eq!((moved.org_id.as_str(), moved.organizations.len()), ("globex", 2));
    assert!(portal.provider.refresh(&state, None).await.is_err(), "the old refresh token is used up");
}

#[tokio::test]
async fn it_survives_a_rotation_of_the_signing_key() {
    let portal = Portal::new();
    portal.sign_in(&[("login_hint", "alice")]).await;
    portal.world.idp.rotate_signing_key().expect("a new key");
    portal.world.clock.advance(Duration::minutes(1));
    portal.sign_in(&[]).await;
}

#[tokio::test]
async fn it_exchanges_for_one_upstream_in_the_session_s_organization() {
    let portal = Portal::new();
    let state = portal.sign_in(&[("login_hint", "erin"), ("organization", "globex")]).await;
    let token = portal.exchange(&state, TODOS, "todos.read").await.expect("a token");
    let claims = claims(&token);
    assert_eq!((claims["aud"].as_str(), claims["org_id"].as_str()), (Some(TODOS), Some("globex")));
    assert_eq!((claims["scope"].as_str(), claims["sub"].as_str()), (Some("todos.read"), Some("demo|erin")));
}

#[tokio::test]
async fn case_38_its_exchange_fails_closed_at_every_refusal() {
    let portal = Portal::new();
    let state = portal.sign_in(&[("login_hint", "alice")]).await;
    let refused = |code: &str| Err(ExchangeError::Refused { code: code.to_owned() });
    assert_eq!(portal.exchange(&state, "https://nowhere.example/", "x").await, refused("invalid_target"));
    assert_eq!(portal.exchange(&state, TODOS, "chat.use").await, refused("invalid_scope"));
    portal.world.idp.fail_next(Endpoint::Token, Failure::Status(503));
    assert!(matches!(portal.exchange(&state, TODOS, "todos.read").await, Err(ExchangeError::Unavailable(_))));
    portal.world.idp.fail_next(Endpoint::Token, Failure::Nonsense);
    assert!(matches!(portal.exchange(&state, TODOS, "todos.read").await, Err(ExchangeError::Answer(_))));
    portal
        .provider
        .revoke(state.tokens.refresh_token.as_deref().expect("a refresh token"))
        .await
        .expect("revoked");
    assert_eq!(portal.exchange(&state, TODOS, "todos.read").await, refused("invalid_request"));
}

#[tokio::test]
async fn it_logs_out_through_the_browser() {
    let portal = Portal::new();
    let state = portal.sign_in(&[("login_hint", "alice")]).await;
    let request = portico_identity::provider::LogoutRequest { id_token: &state.tokens.id_token };
    let there = portal.provider.logout_url(request).expect("an end-session endpoint");
    let there = there.as_str().strip_prefix("http://127.0.0.1:3000").expect("at the issuer's origin");
    assert_eq!(portal.world.get(there).await.header("location"), Some("http://127.0.0.1:3000/"));
}
