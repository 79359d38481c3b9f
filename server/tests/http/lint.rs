//! `portico lint`, as a person or a pipeline runs it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn lint(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
    command.current_dir(directory).env_remove("PORTICO_CONFIG").arg("lint").args(words);
    command.output().expect("the program is built")
}

fn project(owner: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let manifest = json!({ "name": "@acme/todos", "owner": owner });
    std::fs::create_dir_all(directory.path().join("remotes/todos")).expect("it can be made");
    std::fs::write(directory.path().join("remotes/todos/remote.json"), manifest.to_string())
        .expect("it can be written");
    directory
}

#[test]
fn what_is_sound_ends_with_0() {
    let directory = project("team-todos");
    let output = lint(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0 found\n");
    let output = lint(directory.path(), &["--json"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"[]\n".as_slice()));
    assert!(!directory.path().join("data").exists(), "nothing is written");
}

#[test]
fn what_is_found_ends_with_1_and_says_where_why_and_what_to_do() {
    let directory = project("unknown");
    let output = lint(directory.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    assert_eq!(found[0]["rule"], "no-owner");
    assert_eq!(
        (found[0]["file"].as_str(), found[0]["field"].as_str()),
        (Some("remotes/todos/remote.json"), Some("/owner"))
    );
    assert!(found[0]["why"].is_string() && found[0]["fix"].is_string());
    let output = lint(directory.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("remotes/todos/remote.json /owner\n  no-owner: ")
    );
}

#[test]
fn manifests_can_be_named() {
    let (directory, other) = (project("team-todos"), project("nobody"));
    let manifest = other.path().join("remotes/todos/remote.json");
    let output = lint(directory.path(), &[manifest.to_str().expect("a path in UTF-8")]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_configuration_that_cannot_be_read_ends_with_2_and_a_word_nobody_knows_with_1() {
    let directory = project("team-todos");
    std::fs::write(directory.path().join("portico.toml"), "unknown = 1\n").expect("it can be written");
    assert_eq!(lint(directory.path(), &[]).status.code(), Some(2));
    assert_eq!(lint(directory.path(), &["--jsn"]).status.code(), Some(1));
}
