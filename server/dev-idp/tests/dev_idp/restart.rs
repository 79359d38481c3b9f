use std::path::PathBuf;

use portico_dev_idp::LogoutTarget;
use serde_json::json;
use tempfile::TempDir;

use crate::world::{ISSUER, TODOS, World, claims, config, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A directory that a provider keeps its file in.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().expect("a directory"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("kept/dev-idp.json")
    }

    /// Another start on what is there.
    fn start(&self) -> World {
        World::kept_in(&self.file())
    }
}

async fn exchanged(world: &World, token: &str) -> u16 {
    let pairs = [
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", TODOS),
    ];
    world.call("token", &pairs).await.status.as_u16()
}

#[tokio::test]
async fn tokens_refresh_tokens_and_sign_ins_outlive_a_restart() {
    let place = Place::new();
    let before = place.start();
    let login = before.log_in(&[("login_hint", "alice"), ("scope", "openid offline_access")]).await;
    let keys = before.get("/dev/idp/jwks").await.json();
    before.idp.save().expect("kept");

    let after = place.start().in_the_browser_of(&before);
    assert_eq!(after.get("/dev/idp/jwks").await.json(), keys, "what was signed before still verifies");
    assert_eq!(exchanged(&after, text(&login, "access_token")).await, 200);
    let refreshed = after.refresh(text(&login, "refresh_token")).await.json();
    assert_eq!(claims(text(&refreshed, "access_token"))["sub"], "demo|alice");
    let silent = after.authorize(&[("prompt", "none")]).await;
    assert!(silent.redirect_param("code").is_some(), "the browser is signed in still: {}", silent.body);
    let sid = claims(text(&login, "id_token"))["sid"].as_str().expect("a sid").to_owned();
    assert_eq!(
        after.idp.sign_out(&LogoutTarget::Session(sid)).await,
        1,
        "and its clients are told when it ends"
    );
}

#[tokio::test]
async fn a_refresh_token_that_was_used_or_revoked_is_not_good_again_after_a_restart() {
    let place = Place::new();
    let before = place.start();
    let login = before.log_in(&[("login_hint", "alice")]).await;
    let used = text(&login, "refresh_token");
    let next = before.refresh(used).await.json();
    let revoked = before.log_in(&[("login_hint", "bob"), ("prompt", "login")]).await;
    before.call("revoke", &[("token", text(&revoked, "refresh_token"))]).await;
    before.idp.save().expect("kept");

    let after = place.start();
    after.refresh(used).await.assert_error(400, "invalid_grant");
    after.refresh(text(&revoked, "refresh_token")).await.assert_error(400, "invalid_grant");
    assert_eq!(exchanged(&after, text(&revoked, "access_token")).await, 400);
    assert_eq!(after.refresh(text(&next, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_rotated_key_and_the_one_before_it_are_both_kept() {
    let place = Place::new();
    let before = place.start();
    let login = before.log_in(&[("login_hint", "alice")]).await;
    before.idp.rotate_signing_key().expect("a key");
    let keys = before.get("/dev/idp/jwks").await.json();
    before.idp.save().expect("kept");
    let after = place.start();
    assert_eq!(after.get("/dev/idp/jwks").await.json(), keys);
    assert_eq!(exchanged(&after, text(&login, "access_token")).await, 200);
}

#[tokio::test]
async fn case_22_the_file_holds_no_token_and_is_its_owners_alone() {
    let place = Place::new();
    let world = place.start();
    // A file that was there before may have had other permissions.
    std::fs::create_dir_all(place.file().parent().expect("a directory")).expect("made");
    std::fs::write(place.file(), "").expect("written");
    world.log_in(&[("login_hint", "alice")]).await;
    world.idp.save().expect("kept");
    let text = std::fs::read_to_string(place.file()).expect("readable");
    assert!(text.contains("demo|alice"), "there is something to look at");
    for issued in world.idp.issued_tokens() {
        assert!(!text.contains(&issued.value), "{:?}", issued.kind);
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(place.file()).expect("there").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
    let beside = std::fs::read_dir(place.file().parent().expect("a directory")).expect("a directory");
    assert_eq!(beside.count(), 1, "nothing half-written is left");
}

#[tokio::test]
async fn what_cannot_be_used_is_no_reason_not_to_start_and_another_issuers_counts_for_nothing() {
    let place = Place::new();
    let before = place.start();
    let login = before.log_in(&[("login_hint", "alice")]).await;
    before.idp.save().expect("kept");
    let kept = std::fs::read_to_string(place.file()).expect("readable");
    let elsewhere = kept.replace(ISSUER, "http://127.0.0.1:4000/dev/idp");
    for broken in [elsewhere.as_str(), "", "{", "{}", &kept[..kept.len() / 2], "[1]"] {
        std::fs::write(place.file(), broken).expect("written");
        let after = place.start();
        assert_eq!(exchanged(&after, text(&login, "access_token")).await, 400);
        after.log_in(&[("login_hint", "alice")]).await;
    }
}

#[tokio::test]
async fn nothing_is_written_where_nothing_changed_or_nothing_is_to_be_kept() {
    let place = Place::new();
    let world = place.start();
    world.get("/dev/idp/jwks").await;
    world.idp.save().expect("nothing to do");
    assert!(!place.file().exists());
    let forgetful = World::with(config(ISSUER));
    forgetful.log_in(&[("login_hint", "alice")]).await;
    forgetful.idp.save().expect("nothing to do");
    assert_eq!(json!(std::fs::read_dir(place.0.path()).expect("a directory").count()), json!(0));
}
