use portico_secrets::{FileSecret, Secret, SecretError, SecretSource as _};

#[tokio::test]
async fn a_file_is_read_as_it_is_now_without_the_white_space_around_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("key");
    let source = FileSecret::new(path.clone());
    let name = format!("file {}", path.display());
    assert!(matches!(source.fetch().await, Err(SecretError::Unreadable { .. })));
    for (text, value) in [(" one\n", "one"), ("two three", "two three")] {
        std::fs::write(&path, text).expect("the file can be written");
        assert_eq!(source.fetch().await.expect("it is read").secret.expose(), value);
    }
    std::fs::write(&path, "\n").expect("the file can be written");
    assert_eq!(source.fetch().await, Err(SecretError::Absent { name: name.clone() }));
    std::fs::write(&path, vec![b'a'; 300_000]).expect("the file can be written");
    assert!(matches!(source.fetch().await, Err(SecretError::Unreadable { .. })));
    std::fs::write(&path, b"planted \xff").expect("the file can be written");
    let error = source.fetch().await.expect_err("no text");
    assert!(!format!("{error} {error:?}").contains("planted"));
    assert_eq!(source.name(), name);
}

#[test]
fn a_secret_is_not_shown() {
    let secret = Secret::new("planted".to_owned());
    assert!(!format!("{secret:?} {secret:#?}").contains("planted"));
}
