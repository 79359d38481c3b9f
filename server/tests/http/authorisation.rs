//! One place authorises: the policy engine.

use std::path::{Path, PathBuf};

/// How code looks that compares permissions by itself.
const COMPARING: [&str; 7] = [
    ".contains_all(",
    "entitlements.contains(",
    "entitlements().contains(",
    "entitlements().iter().any(",
    "entitlements.iter().any(",
    "permissions.contains(",
    ".missing(",
];

/// Where it belongs, with the reason.
const ALLOWED: [(&str, &str); 3] = [
    ("server/policy/src/", "this is the engine"),
    ("server/src/lint/", "it compares what manifests declare, and decides about nobody's request"),
    (
        "server/src/services/entitlements.rs",
        "who may give which role is a comparison of roles, not a decision about a request",
    ),
];

#[test]
fn nothing_but_the_policy_engine_compares_permissions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
    let mut looked_at = 0;
    let mut found = Vec::new();
    for file in ["server", "app", "frontend"].iter().flat_map(|part| sources(&root.join(part))) {
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        let is_test = name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("/examples/");
        if is_test
            || name.starts_with("server/dev-idp/")
            || ALLOWED.iter().any(|(place, _)| name.starts_with(place))
        {
            continue;
        }
        looked_at += 1;
        let text = std::fs::read_to_string(&file).expect("source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if COMPARING.iter().any(|pattern| line.contains(pattern)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(looked_at > 300, "only {looked_at} files were looked at");
    assert!(found.is_empty(), "ask the policy engine instead:\n{}", found.join("\n"));
}

#[test]
fn what_is_allowed_to_compare_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
    for (place, reason) in ALLOWED {
        let path = root.join(place);
        let files = if path.is_dir() { sources(&path) } else { vec![path] };
        let compares = files.iter().any(|file| {
            let text = std::fs::read_to_string(file).expect("source is text");
            COMPARING.iter().any(|pattern| text.contains(pattern))
        });
        assert!(compares, "{place} is listed although it compares nothing: {reason}");
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the directory is there").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
