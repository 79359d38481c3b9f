use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;
use portico_ports::TestClock;
use portico_secrets::{
    FileSecret, SecretError, SecretSource as _, Vault, VaultAuth, VaultConfig, VaultPlace,
};
use serde_json::json;

use crate::stub::{
    APP_ROLE, APP_ROLE_TOKEN, Behaviour, KUBERNETES, KUBERNETES_TOKEN, READ, ROLE_ID, SECRET_ID, StubVault,
};

const NAME: &str = "vault secret/acme/legacy#foo";

fn place() -> VaultPlace {
    VaultPlace { mount: "secret".to_owned(), path: "acme/legacy".to_owned(), field: "foo".to_owned() }
}

fn file(directory: &Path, name: &str, text: &str) -> Box<FileSecret> {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("the file can be written");
    Box::new(FileSecret::new(path))
}

fn behaviour(token: &str) -> Behaviour {
    let read = (StatusCode::OK, READ.to_owned());
    Behaviour { token: token.to_owned(), namespace: None, login: None, read }
}

fn vault(
    stub: &StubVault,
    auth: VaultAuth,
    change: impl FnOnce(&mut VaultConfig, &mut VaultPlace),
) -> (Vault, Arc<TestClock>) {
    let address = "https://vault.example:8200".parse().expect("a URL");
    let (mut config, mut place) = (VaultConfig { address, namespace: None, auth }, place());
    change(&mut config, &mut place);
    let clock = Arc::new(TestClock::default());
    (Vault::secret(config, place, Arc::new(stub.clone()), clock.clone()).expect("a place"), clock)
}

#[tokio::test]
async fn the_documented_answer_is_read_with_the_documented_request() {
    let directory = tempfile::tempdir().expect("a directory");
    let token = || VaultAuth::Token(file(directory.path(), "token", "hvs.token\n"));
    let stub = StubVault::new(behaviour("hvs.token"));
    let fetched = vault(&stub, token(), |_, _| {}).0.fetch().await.expect("it is read");
    assert_eq!((fetched.secret.expose(), fetched.version), ("bar", Some(2)));

    // The stub refuses whatever differs: so each of these is really sent.
    let refused = async |auth, change: fn(&mut VaultConfig, &mut VaultPlace)| {
        let error = vault(&stub, auth, change).0.fetch().await.expect_err("something differs");
        assert!(matches!(error, SecretError::Refused { status: 403, .. }), "{error}");
    };
    refused(token(), |config, _| config.namespace = Some("team".to_owned())).await;
    refused(token(), |_, place| place.path = "acme/other".to_owned()).await;
    refused(token(), |_, place| place.mount = "kv".to_owned()).await;
    refused(token(), |config, _| config.address = "https://else.example".parse().expect("a URL")).await;
    refused(VaultAuth::Token(file(directory.path(), "wrong", "hvs.other")), |_, _| {}).await;

    stub.behaviour.lock().await.namespace = Some("team".to_owned());
    let (of_the_team, _) = vault(&stub, token(), |config, _| config.namespace = Some("team".to_owned()));
    assert!(of_the_team.fetch().await.is_ok());
}

#[tokio::test]
async fn a_token_file_that_an_agent_replaces_is_read_again_for_each_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let stub = StubVault::new(behaviour("first"));
    let (vault, _) = vault(&stub, VaultAuth::Token(file(directory.path(), "token", "first")), |_, _| {});
    assert!(vault.fetch().await.is_ok());
    stub.behaviour.lock().await.token = "second".to_owned();
    assert!(vault.fetch().await.is_err());
    file(directory.path(), "token", "second");
    assert!(vault.fetch().await.is_ok());
}

#[tokio::test]
async fn a_login_by_app_role_serves_until_a_third_of_its_time_is_left_or_it_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let proof = json!({ "role_id": ROLE_ID, "secret_id": SECRET_ID });
    let login = Some(("/v1/auth/approle/login", proof, APP_ROLE));
    let stub = StubVault::new(Behaviour { login, ..behaviour(APP_ROLE_TOKEN) });
    let auth = |mount: &str, role_id: &str, secret_id: &str| VaultAuth::AppRole {
        mount: mount.to_owned(),
        role_id: role_id.to_owned(),
        secret_id: file(directory.path(), secret_id, secret_id),
    };
    let logins = || stub.logins.load(Ordering::SeqCst);
    let (secret, clock) = vault(&stub, auth("approle", ROLE_ID, SECRET_ID), |_, _| {});
    for _ in 0..3 {
        assert_eq!(secret.fetch().await.expect("it is read").secret.expose(), "bar");
    }
    clock.advance(time::Duration::seconds(799));
    assert!(secret.fetch().await.is_ok());
    assert_eq!(logins(), 1);
    clock.advance(time::Duration::seconds(2));
    assert!(secret.fetch().await.is_ok());
    assert_eq!(logins(), 2, "of 1200 seconds, a third is left");

    // Revoked before its time: one more login, and no more than one.
    stub.behaviour.lock().await.token = "another".to_owned();
    assert!(matches!(secret.fetch().await, Err(SecretError::Refused { status: 403, .. })));
    assert_eq!(logins(), 3);

    let refused = Err(SecretError::Refused { name: format!("{NAME} (login)"), status: 403 });
    for (mount, role_id, secret_id) in
        [("other", ROLE_ID, SECRET_ID), ("approle", "other", SECRET_ID), ("approle", ROLE_ID, "other")]
    {
        let (secret, _) = vault(&stub, auth(mount, role_id, secret_id), |_, _| {});
        assert_eq!(secret.fetch().await, refused, "{mount} {role_id} {secret_id}");
    }
}

#[tokio::test]
async fn a_login_by_service_account_sends_role_and_token() {
    let directory = tempfile::tempdir().expect("a directory");
    let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let login = Some(("/v1/auth/kubernetes/login", json!({ "role": "dev-role", "jwt": jwt }), KUBERNETES));
    let stub = StubVault::new(Behaviour { login, ..behaviour(KUBERNETES_TOKEN) });
    let auth = |role: &str, jwt: &str| VaultAuth::Kubernetes {
        mount: "kubernetes".to_owned(),
        role: role.to_owned(),
        jwt: file(directory.path(), "jwt", jwt),
    };
    assert!(vault(&stub, auth("dev-role", jwt), |_, _| {}).0.fetch().await.is_ok());
    assert!(vault(&stub, auth("other", jwt), |_, _| {}).0.fetch().await.is_err());
    assert!(vault(&stub, auth("dev-role", "other"), |_, _| {}).0.fetch().await.is_err());
}

#[tokio::test]
async fn what_is_no_secret_is_an_error_that_shows_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let token = || VaultAuth::Token(file(directory.path(), "token", "planted-token"));
    let stub = StubVault::new(behaviour("planted-token"));
    let metadata = r#""metadata":{"version":1}"#;
    for (status, body) in [
        (200, r#"{"data":{"foo":"planted-value"}}"#.to_owned()),
        (200, "planted-value".to_owned()),
        (200, format!(r#"{{"data":{{"data":{{"other":"planted-value"}},{metadata}}}}}"#)),
        (200, format!(r#"{{"data":{{"data":{{"foo":["planted-value"]}},{metadata}}}}}"#)),
        (200, format!(r#"{{"data":{{"data":{{"foo":"  "}},{metadata}}}}}"#)),
        // A version that was deleted ("Delete latest version of secret").
        (404, format!(r#"{{"data":{{"data":null,{metadata}}}}}"#)),
        (503, r#"{"errors":["Vault is sealed planted-value"]}"#.to_owned()),
    ] {
        stub.behaviour.lock().await.read = (StatusCode::from_u16(status).expect("a status"), body.clone());
        let (vault, _) = vault(&stub, token(), |_, _| {});
        let error = vault.fetch().await.expect_err(&body);
        let shown = format!("{error} {error:?} {vault:?}");
        assert!(!shown.contains("planted") && shown.contains(NAME), "{shown}");
    }
    for path in ["../sys/seal", "a/../b", "a//b", "a?b", "a%2fb", ""] {
        let place = VaultPlace { path: path.to_owned(), ..place() };
        let address = "https://vault.example:8200".parse().expect("a URL");
        let config = VaultConfig { address, namespace: None, auth: token() };
        let made = Vault::secret(config, place, Arc::new(stub.clone()), Arc::new(TestClock::default()));
        assert!(made.is_err(), "{path}");
    }
}
