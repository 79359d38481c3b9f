use std::sync::Arc;

use portico_gateway::{RemoteBackend, SystemResolver};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::world::{Upstream, World, answer, ok, spec, with_body};

/// A certificate for `host` that only `ClientConfig` trusts, and the server's side of it.
fn pair(host: &str) -> (ServerConfig, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let provider = Arc::new(default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let server = server.with_safe_default_protocol_versions().expect("versions");
    let server = server.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a pair");
    let client = ClientConfig::builder_with_provider(provider);
    let client = client.with_safe_default_protocol_versions().expect("versions");
    (server, Arc::new(client.with_root_certificates(roots).with_no_client_auth()))
}

fn world(host: &str, upstream: &Upstream, tls: Arc<ClientConfig>) -> World {
    let spec = spec(&format!("https://{host}:{}", upstream.address.port()));
    let remote = RemoteBackend::compile_trusting(spec, Arc::new(SystemResolver), tls);
    World::of(remote.expect("a good back end"))
}

#[tokio::test]
async fn an_upstream_over_tls_is_called_with_its_own_name() {
    let (server, client) = pair("localhost");
    let upstream = Upstream::start_tls(vec![ok(), answer("201 Created", &[], "made")], server).await;
    let world = world("localhost", &upstream, client);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.response().body(), "fine");
    let seen = world.send(with_body("POST", "/bff/acme.todos/todos", &[], &"x".repeat(200_000))).await;
    assert_eq!(seen.status(), 201);
    let arrived = upstream.arrived();
    assert_eq!(arrived[0].field("host"), format!("localhost:{}", upstream.address.port()));
    assert_eq!(arrived[1].body.len(), 200_000);
    assert_eq!(arrived[1].connection, 0, "the connection was kept");
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_an_unknown_authority_is_refused_before_the_token_goes_out() {
    let (server, client) = pair("other.example");
    let upstream = Upstream::start_tls(vec![ok()], server).await;
    let seen = world("localhost", &upstream, client).call("GET", "/bff/acme.todos/todos").await;
    assert_eq!((seen.status(), seen.problem()), (502, "upstream-untrusted"), "{seen:?}");

    let (server, _) = pair("localhost");
    let upstream = Upstream::start_tls(vec![ok()], server).await;
    let public = World::with(spec(&format!("https://localhost:{}", upstream.address.port())));
    assert_eq!(public.call("GET", "/bff/acme.todos/todos").await.problem(), "upstream-untrusted");
    assert_eq!(upstream.arrived().len(), 0);
}

#[tokio::test]
async fn an_upstream_that_speaks_no_tls_is_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await?;
        }
        std::io::Result::Ok(())
    });
    let (_, tls) = pair("localhost");
    let spec = spec(&format!("https://localhost:{port}"));
    let remote =
        RemoteBackend::compile_trusting(spec, Arc::new(SystemResolver), tls).expect("a good back end");
    assert_eq!(World::of(remote).call("GET", "/bff/acme.todos/todos").await.status(), 502);
}
