//! Ranges mean here what they mean to npm: the table was written by npm's `semver` 7.8.5 (`tests/version_range/npm.json`).
//! Text that npm reads only by accident, such as `==v1` (while it refuses `==1.2.3`), is not in it: here it is refused.

use std::collections::BTreeMap;

use portico_contracts::VersionRange;
use semver::Version;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    versions: Vec<String>,
    /// For each range one digit per version, 1 where it satisfies; none where npm refuses the range.
    ranges: BTreeMap<String, Option<String>>,
}

#[test]
fn case_58_every_range_means_what_it_means_to_npm() {
    let table: Table =
        serde_json::from_str(include_str!("version_range/npm.json")).expect("the table is JSON");
    let mut wrong = Vec::new();
    for (range, expected) in &table.ranges {
        let parsed = range.parse::<VersionRange>();
        let found = parsed.ok().map(|parsed| {
            let digit = |version: &String| {
                let version = Version::parse(version).expect("the table's versions are versions");
                if parsed.allows(&version) { '1' } else { '0' }
            };
            table.versions.iter().map(digit).collect::<String>()
        });
        if found != *expected {
            wrong.push(format!("{range:?}: npm {expected:?}, here {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn case_58_an_endless_range_is_refused() {
    assert!("1.0.0 || ".repeat(1_000).parse::<VersionRange>().is_err());
}
