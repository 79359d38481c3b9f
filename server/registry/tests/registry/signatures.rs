use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use portico_ports::{Clock as _, TestClock};
use serde_json::{Value, json};

use crate::world::{World, ids, only_problem, plain, signature, todos, trusted};

#[tokio::test]
async fn a_manifest_signed_by_a_trusted_key_is_in_use() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    assert_eq!(ids(&registry), ["acme.todos"]);
    assert!(registry.snapshot().problems().is_empty());
}

#[tokio::test]
async fn case_54_any_changed_byte_of_a_manifest_is_refused() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let original = fs::read(dist.join("remote.json")).expect("read");
    for at in (0..original.len()).step_by(37) {
        let mut changed = original.clone();
        // Another letter, digit or space of the same kind, so that most changes leave valid JSON.
        changed[at] ^= 1;
        fs::write(dist.join("remote.json"), &changed).expect("written");
        let registry = world.open().await;
        assert!(ids(&registry).is_empty(), "a change at byte {at} went unnoticed");
        assert!(!registry.snapshot().problems().is_empty());
    }
}

#[tokio::test]
async fn case_54_white_space_counts_too() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let mut manifest = fs::read(dist.join("remote.json")).expect("read");
    manifest.push(b'\n');
    fs::write(dist.join("remote.json"), manifest).expect("written");
    let registry = world.open().await;
    let problem = only_problem(&registry);
    assert!(problem.file.ends_with("todos/dist/remote.sig.json"), "{problem}");
    assert_eq!((problem.field.as_str(), problem.remote.as_deref()), ("/signature", Some("@acme/todos")));
    assert!(problem.reason.contains("changed after signing"), "{problem}");
}

#[tokio::test]
async fn case_54_any_changed_bit_of_a_signature_is_refused() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let path = dist.join("remote.sig.json");
    let original: Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
    let bytes = STANDARD.decode(original["signature"].as_str().expect("text")).expect("base64");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut file = original.clone();
        file["signature"] = json!(STANDARD.encode(changed));
        fs::write(&path, file.to_string()).expect("written");
        let registry = world.open().await;
        assert_eq!(only_problem(&registry).field, "/signature", "bit {bit}");
    }
}

#[tokio::test]
async fn case_54_a_changed_or_unknown_key_id_is_refused() {
    let mut world = World::new();
    world.config.trusted_keys.push(trusted("acme-2027", &SigningKey::from_bytes(&[8; 32]), &["@acme/*"]));
    let dist = world.publish("todos", &todos());
    let path = dist.join("remote.sig.json");
    let original: Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
    for (key_id, field) in
        [("acme-2025", "/keyId"), ("", "/keyId"), ("acme-2026\n", "/keyId"), ("acme-2027", "/signature")]
    {
        let mut file = original.clone();
        file["keyId"] = json!(key_id);
        fs::write(&path, file.to_string()).expect("written");
        assert_eq!(only_problem(&world.open().await).field, field, "{key_id:?}");
    }
}

#[tokio::test]
async fn case_54_an_unsigned_manifest_is_refused() {
    let world = World::new();
    world.build("todos", &todos());
    let registry = world.open().await;
    let problem = only_problem(&registry);
    assert!(problem.file.ends_with("todos/dist/remote.json"), "{problem}");
    assert!(problem.reason.contains("remote.sig.json"), "{problem}");
}

#[tokio::test]
async fn a_signature_file_that_is_not_one_is_refused_with_its_field() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    let path = dist.join("remote.sig.json");
    let original: Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
    let with = |field: &str, value: Value| {
        let mut file = original.clone();
        file[field] = value;
        file.to_string()
    };
    for (text, field) in [
        (String::new(), ""),
        ("[]".to_owned(), ""),
        (with("extra", json!(1)), ""),
        (with("algorithm", json!("none")), "/algorithm"),
        (with("algorithm", json!("ed25519")), "/algorithm"),
        (with("signature", json!("")), "/signature"),
        (with("signature", json!("AAAA")), "/signature"),
        (with("signedAt", json!("2026-01-01T00:00:00Z")), "/signature"),
        (with("signedAt", json!("a\nb")), "/signedAt"),
        (" ".repeat(10_000), ""),
    ] {
        fs::write(&path, &text).expect("written");
        let problem = only_problem(&world.open().await);
        assert_eq!(problem.field, field, "{text}: {problem}");
    }
}

#[tokio::test]
async fn case_56_a_signature_for_another_remote_is_refused() {
    let world = World::new();
    let dist = world.publish("todos", &todos());
    world.sign(&dist, "acme-2026", "@acme/chat");
    assert_eq!(only_problem(&world.open().await).field, "/signature");
}

#[tokio::test]
async fn case_56_a_key_signs_only_the_names_it_is_trusted_for() {
    let world = World::new();
    world.publish("globex", &plain("@globex/todos", "1.0.0", "/globex"));
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/keyId");
    assert!(problem.reason.contains("not trusted for @globex/todos"), "{problem}");
}

#[tokio::test]
async fn development_signs_once_and_then_verifies() {
    let world = World::in_development();
    let dist = world.build("todos", &todos());
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
    let signatures = || {
        let names =
            fs::read_dir(&dist).expect("read").map(|entry| entry.expect("entry").file_name().into_string());
        names.flatten().filter(|name| name.ends_with(".sig.json")).collect::<Vec<_>>()
    };
    let [file] = &signatures()[..] else { panic!("one signature: {:?}", signatures()) };
    assert!(file.starts_with("remote.development-"), "{file}");
    let first = fs::read(dist.join(file)).expect("read");
    assert_eq!(ids(&world.open().await), ["acme.todos"], "the same key is found again");
    assert_eq!(fs::read(dist.join(file)).expect("read"), first, "nothing is signed twice");
}

#[tokio::test]
async fn what_other_portals_left_in_a_directory_goes_and_what_they_use_stays() {
    let world = World::in_development();
    let dist = world.build("todos", &todos());
    let hour = std::time::Duration::from_secs(3600);
    for (name, age) in [
        ("remote.development-0a0a0a0a0a0a.sig.json", hour * 2),
        ("remote.development-0b0b0b0b0b0b.sig.json", hour / 2),
        ("index.old.js", hour * 2),
    ] {
        let file = fs::File::create(dist.join(name)).expect("made");
        file.set_modified(std::time::SystemTime::from(TestClock::default().now()) - age).expect("dated");
    }
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
    assert!(!dist.join("remote.development-0a0a0a0a0a0a.sig.json").exists());
    assert!(
        dist.join("remote.development-0b0b0b0b0b0b.sig.json").exists() && dist.join("index.old.js").exists()
    );
    assert_eq!(ids(&world.open().await), ["acme.todos"], "its own stays too");
}

#[tokio::test]
async fn case_54_development_refuses_a_byte_changed_after_it_signed() {
    let world = World::in_development();
    let dist = world.build("todos", &todos());
    world.open().await;
    let text = fs::read_to_string(dist.join("remote.json")).expect("read");
    fs::write(dist.join("remote.json"), text.replace("team-todos", "team-tod0s")).expect("written");
    let problem = only_problem(&world.open().await);
    assert_eq!(problem.field, "/signature");
    assert!(problem.file.contains("remote.development-"), "{problem}");
}

#[tokio::test]
async fn development_signs_again_after_a_build_that_wiped_the_directory() {
    let world = World::in_development();
    let dist = world.build("todos", &todos());
    world.open().await;
    fs::remove_dir_all(&dist).expect("wiped");
    let mut next = todos();
    next["version"] = json!("1.3.0");
    world.build("todos", &next);
    let registry = world.open().await;
    assert_eq!(registry.snapshot().remote("acme.todos").expect("in use").manifest.version, "1.3.0");
}

#[tokio::test]
async fn development_never_replaces_a_teams_signature_even_a_bad_one() {
    let world = World::in_development();
    let dist = world.build("todos", &todos());
    let other = signature(&world.team, "acme-2026", "@acme/todos", b"something else");
    fs::write(dist.join("remote.sig.json"), other).expect("written");
    assert_eq!(only_problem(&world.open().await).field, "/signature");
}

#[tokio::test]
async fn portals_with_keys_of_their_own_share_a_directory_of_remotes() {
    let mut world = World::in_development();
    world.build("todos", &todos());
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
    let first = world.config.development_key.replace(world.root.join("other/development.key"));
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
    world.config.development_key = first;
    assert_eq!(ids(&world.open().await), ["acme.todos"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_development_key_is_private_and_refused_where_it_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::in_development();
    world.open().await;
    let path = world.config.development_key.clone().expect("set");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    let error = world.try_open().await.err().expect("refused").to_string();
    assert!(error.contains("0600"), "{error}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    fs::write(&path, "not a key").expect("written");
    let error = world.try_open().await.err().expect("refused").to_string();
    assert!(error.contains("32 bytes in base64") && !error.contains("not a key"), "{error}");
}
