use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an operator says to people: one text for all, or one for each language.
///
/// ```toml
/// role_descriptions.auditor = "Reads everything, changes nothing"
/// role_descriptions.admin = { en = "Looks after the members", de = "Kümmert sich um die Mitglieder" }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a text, or a table of texts by language such as { en = \"…\", de = \"…\" }")]
pub enum Words {
    /// The same for everyone.
    Same(String),
    /// By language (`en`, `de`).
    ByLanguage(BTreeMap<String, String>),
}

impl Words {
    /// What to say to someone who reads `language`; where there is no text for it, the English one, or else any.
    pub fn in_language(&self, language: &str) -> &str {
        match self {
            Self::Same(text) => text,
            Self::ByLanguage(texts) => {
                let text = texts.get(language).or_else(|| texts.get("en")).or_else(|| texts.values().next());
                text.map_or("", String::as_str)
            }
        }
    }

    /// The languages that are told apart.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        let texts = match self {
            Self::Same(_) => None,
            Self::ByLanguage(texts) => Some(texts),
        };
        texts.into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_told_something_that_was_written_for_them_if_anything_was() {
        let read = |json: &str| serde_json::from_str::<Words>(json).expect("words");
        let both = read(r#"{ "de": "liest", "en": "reads" }"#);
        assert_eq!((both.in_language("de"), both.in_language("fr")), ("liest", "reads"));
        assert_eq!(read(r#"{ "de": "liest" }"#).in_language("en"), "liest");
        assert_eq!(read(r#""reads""#).in_language("de"), "reads");
        assert_eq!(read("{}").in_language("de"), "");
    }
}
