//! The smallest server around the gateway: `cargo run -p portico-gateway --example proxy -- 127.0.0.1:8081
//! http://127.0.0.1:8080` serves `/bff/acme.todos/…` to everyone as one person, on one thread.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portico_gateway::{
    AnswerBody, BackendSpec, BearerToken, Call, Gateway, PublicOrigin, RemoteBackend, Resilience, RouteSpec,
    SystemResolver, TokenError, TokenRequest, TokenSource, UpstreamProtocol,
};
use portico_policy::{PolicyConfig, Principal, RolePolicy};
use tokio::net::TcpListener;

/// The same token for everyone: an example has no identity provider.
struct OneToken(BearerToken);

impl TokenSource for OneToken {
    async fn token(&self, _: TokenRequest<'_>) -> Result<BearerToken, TokenError> {
        Ok(self.0.clone())
    }

    async fn fresh(&self, _: TokenRequest<'_>, _: &BearerToken) -> Result<BearerToken, TokenError> {
        Ok(self.0.clone())
    }
}

struct App {
    gateway: Gateway,
    remote: Arc<RemoteBackend>,
    principal: Principal,
    tokens: OneToken,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen: SocketAddr = arguments.next().ok_or("which address to listen on?")?.parse()?;
    let app = Arc::new(app(arguments.next().ok_or("which upstream?")?)?);
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&app), peer, request));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

fn app(upstream: String) -> Result<App, Box<dyn Error>> {
    let route = RouteSpec {
        methods: vec!["GET".into(), "POST".into()],
        path: "/**".into(),
        permissions: vec!["todos.read".into()],
        ..RouteSpec::default()
    };
    let spec = BackendSpec {
        id: "acme.todos".into(),
        version: "1.0.0".into(),
        url: upstream,
        audience: "https://api.example/todos".into(),
        scopes: vec!["todos.read".into()],
        timeout: Duration::from_secs(5),
        retries: 2,
        routes: vec![route],
        views: Vec::new(),
        document: None,
        networks: vec!["127.0.0.0/8".parse()?],
        addresses: Vec::new(),
        protocol: UpstreamProtocol::default(),
        resilience: Resilience::default(),
    };
    let entitlements = PolicyConfig::demo().entitlements("acme", ["member"]);
    Ok(App {
        gateway: Gateway::new(Arc::new(RolePolicy), PublicOrigin::of(&"http://127.0.0.1:3000".parse()?)?),
        remote: Arc::new(RemoteBackend::compile(spec, Arc::new(SystemResolver))?),
        principal: Principal::new("https://idp.example", "bob", "acme").with_roles(vec![], entitlements),
        tokens: OneToken(BearerToken::new("eyJhbGciOiJFUzI1NiJ9.an-exchanged-token-of-usual-length")?),
    })
}

async fn answer(
    app: Arc<App>,
    peer: SocketAddr,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<AnswerBody>, portico_gateway::CallError> {
    let call = Call {
        remote: &app.remote,
        principal: Some(&app.principal),
        tokens: &app.tokens,
        client: peer.ip(),
        caller: portico_gateway::CallerKey::default(),
        traceparent: None,
        trace: None,
        until: None,
    };
    app.gateway.call(call, request).await.result
}
