use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use portico_gateway::{Access, Credential, RemoteBackend, SystemResolver, TlsError, TlsSettings};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::world::{Reply, Upstream, World, answer, ok, request, spec, with_body};

/// A certificate for `host` that only `ClientConfig` trusts, and the server's side of it.
pub(crate) fn pair(host: &str) -> (ServerConfig, Arc<ClientConfig>) {
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

pub(crate) fn trusting(tls: Arc<ClientConfig>) -> Access {
    Access { tls: Arc::new(TlsSettings::fixed(&tls)), credential: None }
}

fn world(host: &str, upstream: &Upstream, tls: Arc<ClientConfig>) -> World {
    let spec = spec(&format!("https://{host}:{}", upstream.address.port()));
    let remote = RemoteBackend::compile_with(spec, Arc::new(SystemResolver), trusting(tls));
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
        RemoteBackend::compile_with(spec, Arc::new(SystemResolver), trusting(tls)).expect("a good back end");
    assert_eq!(World::of(remote).call("GET", "/bff/acme.todos/todos").await.status(), 502);
}

/// A certificate of the portal's and its key, in PEM.
pub(crate) fn identity() -> (rcgen::Certificate, String) {
    let made = rcgen::generate_simple_self_signed(["portal.example".to_owned()]).expect("a certificate");
    (made.cert, made.signing_key.serialize_pem())
}

/// A server that takes these certificates of clients and no others, and its own certificate in PEM.
pub(crate) fn asking_for(clients: &[&rcgen::Certificate]) -> (ServerConfig, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    clients.iter().for_each(|client| roots.add(client.der().clone()).expect("a root"));
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a pair");
    (server, made.cert.pem())
}

/// A portal that shows `credential` on connections as `tls` has them.
fn identified(upstream: &Upstream, tls: &Arc<TlsSettings>, credential: &Arc<Credential>) -> World {
    let access = Access { tls: Arc::clone(tls), credential: Some(Arc::clone(credential)) };
    let spec = spec(&format!("https://localhost:{}", upstream.address.port()));
    World::of(RemoteBackend::compile_with(spec, Arc::new(SystemResolver), access).expect("a good back end"))
}

#[tokio::test]
async fn connections_that_were_opened_with_the_certificate_of_before_are_used_no_more() {
    let ((old, old_key), (new, new_key)) = (identity(), identity());
    let (server, authority) = asking_for(&[&old, &new]);
    let pause = Duration::from_millis(300);
    let slowly =
        Reply::Slowly("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfi".to_owned(), pause, "ne".to_owned());
    let upstream = Upstream::start_tls(vec![ok(), ok(), ok(), slowly, ok()], server).await;
    let tls = Arc::new(TlsSettings::of_authorities(&authority).expect("an authority"));
    let credential = Arc::new(Credential::certificate(false));
    credential.replace("").expect("it is there");
    let world = identified(&upstream, &tls, &credential);
    let call = async || world.call("GET", "/bff/acme.todos/todos").await.status();

    tls.identify(&old.pem(), &old_key).expect("a pair");
    assert_eq!((call().await, call().await), (200, 200));
    tls.identify(&new.pem(), &new_key).expect("a pair");
    assert_eq!(call().await, 200, "what was idle is closed");
    // What is under way when it changes goes on, and serves nothing after it.
    let begun = world.begin(request("GET", "/bff/acme.todos/todos", &[])).await.expect("an answer");
    tls.identify(&old.pem(), &old_key).expect("a pair");
    assert_eq!(begun.into_body().collect().await.expect("a whole body").to_bytes(), "fine");
    assert_eq!(call().await, 200);
    let arrived = upstream.arrived();
    let shown = |at: usize| (arrived[at].connection, arrived[at].certificate.as_deref());
    let (old, new) = (Some(&**old.der()), Some(&**new.der()));
    let seen: Vec<_> = (0..arrived.len()).map(shown).collect();
    assert_eq!(seen, [(0, old), (0, old), (1, new), (1, new), (2, old)]);
}

#[tokio::test]
async fn other_authorities_hold_at_once_and_the_portals_certificate_stays() {
    let (known, known_key) = identity();
    let (server, authority) = asking_for(&[&known]);
    let (_, another) = asking_for(&[&known]);
    let upstream = Upstream::start_tls(vec![ok()], server).await;
    let tls = Arc::new(TlsSettings::of_authorities(&authority).expect("an authority"));
    let credential = Arc::new(Credential::certificate(false));
    credential.replace("").expect("it is there");
    tls.identify(&known.pem(), &known_key).expect("a pair");
    let world = identified(&upstream, &tls, &credential);
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    tls.trust(&another).expect("an authority");
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.problem(), "upstream-untrusted");
    assert_eq!(tls.trust("planted"), Err(TlsError::NoCertificate));
    tls.trust(&[another, authority].concat()).expect("authorities");
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200);
    let shown: Vec<_> = upstream.arrived().into_iter().map(|arrived| arrived.certificate).collect();
    assert_eq!(shown, [Some(known.der().to_vec()), Some(known.der().to_vec())]);
}

#[tokio::test]
async fn mutual_tls_shows_the_certificate_that_is_current_when_a_connection_is_opened() {
    let (known, known_key) = identity();
    let (other, other_key) = identity();
    let (server, authority) = asking_for(&[&known]);
    let close =
        Reply::Last("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfine".to_owned());
    let upstream = Upstream::start_tls(vec![close], server).await;

    let tls = Arc::new(TlsSettings::of_authorities(&authority).expect("an authority"));
    let credential = Arc::new(Credential::certificate(false));
    let world = identified(&upstream, &tls, &credential);

    let seen = world.call("GET", "/bff/acme.todos/todos").await;
    assert_eq!(
        (seen.status(), seen.problem()),
        (503, "credential-unavailable"),
        "nothing goes out without it"
    );
    for (certificate, key, accepted) in
        [(&known, &known_key, true), (&other, &other_key, false), (&known, &known_key, true)]
    {
        tls.identify(&certificate.pem(), key).expect("a pair");
        credential.replace("").expect("it is there");
        let before = upstream.arrived().len();
        let status = world.call("GET", "/bff/acme.todos/todos").await.status();
        assert_eq!(status == 200, accepted, "{status}");
        assert_eq!(upstream.arrived().len() - before, usize::from(accepted));
    }
    assert!(upstream.arrived().iter().all(|request| request.all("authorization").is_empty()));
    let mixed = tls.identify(&known.pem(), &other_key).expect_err("no pair");
    assert!(matches!(mixed, TlsError::Unusable(_)), "{mixed}");
    assert_eq!(tls.identify("planted", &known_key), Err(TlsError::NoCertificate));
    assert_eq!(world.call("GET", "/bff/acme.todos/todos").await.status(), 200, "what was there stays in use");
}
