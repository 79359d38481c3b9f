use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use portico_dev_idp::{DevIdp, DevIdpConfig, DevIdpError, Environment};
use portico_ports::{OsRandom, SystemClock};

use crate::world::{ISSUER, World, config};

fn start(config: DevIdpConfig) -> Result<DevIdp, DevIdpError> {
    DevIdp::new(config, Arc::new(SystemClock), Arc::new(OsRandom))
}

#[test]
fn it_starts_on_every_loopback_name() {
    for issuer in
        ["http://127.0.0.1:3000/dev/idp", "http://127.9.9.9", "https://localhost/x", "http://[::1]:3000/"]
    {
        let idp = start(config(issuer)).expect(issuer);
        assert_eq!(idp.issuer(), issuer.trim_end_matches('/'));
    }
}

#[test]
fn case_80_it_does_not_start_off_loopback() {
    for issuer in [
        "https://portal.example/dev/idp",
        "http://10.0.0.1/dev/idp",
        "http://0.0.0.0:3000",
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://[::]:3000/",
    ] {
        assert!(matches!(start(config(issuer)), Err(DevIdpError::NotLoopback { .. })), "{issuer}");
    }
}

#[test]
fn case_80_it_does_not_start_in_production() {
    let refused = start(DevIdpConfig { environment: Environment::Production, ..config(ISSUER) });
    assert!(matches!(refused, Err(DevIdpError::Production)));
}

#[test]
fn an_issuer_with_a_query_is_refused() {
    for issuer in ["http://127.0.0.1/?a=b", "http://127.0.0.1/#x", "ftp://127.0.0.1/", "http://me@127.0.0.1/"]
    {
        assert!(matches!(start(config(issuer)), Err(DevIdpError::Issuer { .. })), "{issuer}");
    }
}

#[test]
fn an_account_in_an_unknown_organization_is_refused() {
    let mut config = config(ISSUER);
    config.organizations.retain(|organization| organization.id != "globex");
    let refused = start(config);
    assert!(matches!(refused, Err(DevIdpError::Membership { username }) if username == "carol"));
}

#[test]
fn a_client_secret_does_not_show_in_debug_output() {
    let shown = format!("{:?}", config(ISSUER));
    assert!(!shown.contains("s3cret"));
}

async fn jwks(peer: &str, host: &str) -> StatusCode {
    let peer: SocketAddr = peer.parse().expect("an address");
    let request = Request::get("/dev/idp/jwks").header("host", host).extension(ConnectInfo(peer));
    World::new().send(request.body(Body::empty()).expect("a request")).await.status
}

#[tokio::test]
async fn only_this_machine_is_answered() {
    assert_eq!(jwks("127.0.0.1:50000", "127.0.0.1:3000").await, 200);
    assert_eq!(jwks("[::1]:50000", "[::1]:3000").await, 200);
    assert_eq!(jwks("[::ffff:127.0.0.1]:50000", "localhost:3000").await, 200);
    assert_eq!(jwks("192.0.2.7:50000", "127.0.0.1:3000").await, 403);
}

#[tokio::test]
async fn a_name_that_was_rebound_to_loopback_is_not_answered() {
    assert_eq!(jwks("127.0.0.1:50000", "evil.example").await, 403);
    assert_eq!(jwks("127.0.0.1:50000", "localhost.evil.example:3000").await, 403);
    assert_eq!(jwks("127.0.0.1:50000", "a b").await, 403);
}
