//! JSON objects whose keys are data, held as lists of pairs: the shell's WASM reads and walks them, and a tree per type
//! of value would be three kilobytes of the download.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the pairs as an object.
pub(crate) fn serialize<V: Serialize, S: Serializer>(
    entries: &[(String, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
}

/// Reads an object as pairs in the order of their keys, each key once.
pub(crate) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, V)>, D::Error> {
    Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flags {
        #[serde(with = "super")]
        flags: Vec<(String, bool)>,
    }

    #[test]
    fn pairs_are_an_object_on_the_wire_and_sorted_when_read() {
        let flags = Flags { flags: vec![("new".into(), true), ("old".into(), false)] };
        let json = serde_json::to_string(&flags).expect("JSON");
        assert_eq!(json, r#"{"flags":{"new":true,"old":false}}"#);
        let shuffled = r#"{"flags":{"old":true,"new":true,"old":false}}"#;
        assert_eq!(serde_json::from_str::<Flags>(shuffled).expect("readable"), flags);
    }
}
