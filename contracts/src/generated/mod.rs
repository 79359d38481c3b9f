//! JSON Schema and TypeScript of the wire types, generated and compared with the files that are checked in.

mod schema;
mod typescript;

use std::fs;
use std::path::Path;

/// The part of the TypeScript that is code rather than data, written by hand.
const CONTEXT: &str = include_str!("../context.d.ts");

const HEADER: &str =
    "// Generated from the Rust types in contracts/src: UPDATE=1 cargo test -p portico-contracts\n\n";

#[test]
fn the_checked_in_schemas_and_types_are_those_of_the_rust_types() {
    let npm = Path::new(env!("CARGO_MANIFEST_DIR")).join("npm");
    let schemas = schema::all();
    let mut files: Vec<(String, String)> = Vec::new();
    let types: Vec<_> = schemas.iter().map(|schema| &schema.json).collect();
    files.push(("index.d.ts".to_owned(), format!("{HEADER}{CONTEXT}\n{}", typescript::declarations(&types))));
    for schema in &schemas {
        let text = serde_json::to_string_pretty(&schema.json).expect("a schema is JSON");
        files.push((format!("schema/{}.json", schema.file), format!("{text}\n")));
    }
    for (name, generated) in files {
        let path = npm.join(&name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().expect("a file has a directory"))
                .expect("the directory can be made");
            fs::write(&path, &generated).expect("the file can be written");
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            checked_in == generated,
            "contracts/npm/{name} differs: UPDATE=1 cargo test -p portico-contracts"
        );
    }
}
