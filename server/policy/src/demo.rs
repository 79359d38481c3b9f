use std::collections::BTreeMap;

use crate::config::{All, PlanPermissions};
use crate::{PolicyConfig, Words};

/// What a member of a demo organization may do; an admin may administer the organization, and
/// operate the platform, besides.
const MEMBER: [&str; 5] = ["chat.use", "echo.use", "insights.read", "todos.read", "todos.write"];

impl PolicyConfig {
    /// The embedded default for the demo organizations: roles `admin` and `member`, one plan that includes everything,
    /// and `acme` and `globex` on it.
    pub fn demo() -> Self {
        let names = |extra: &[&str]| MEMBER.iter().chain(extra).map(|&name| name.to_owned()).collect();
        Self {
            roles: BTreeMap::from([
                ("admin".to_owned(), names(&["org.admin", "platform.operate"])),
                ("member".to_owned(), names(&[])),
            ]),
            role_descriptions: BTreeMap::from([
                words(
                    "admin",
                    "Works with every application and looks after the organization's members",
                    "Arbeitet mit allen Anwendungen und kümmert sich um die Mitglieder der Organisation",
                ),
                words(
                    "member",
                    "Works with the organization's applications",
                    "Arbeitet mit den Anwendungen der Organisation",
                ),
            ]),
            plans: BTreeMap::from([("standard".to_owned(), PlanPermissions::All(All::All))]),
            organizations: ["acme", "globex"].map(|id| (id.to_owned(), "standard".to_owned())).into(),
            ..Self::default()
        }
    }
}

fn words(role: &str, en: &str, de: &str) -> (String, Words) {
    let texts = [("en", en), ("de", de)].map(|(language, text)| (language.to_owned(), text.to_owned()));
    (role.to_owned(), Words::ByLanguage(texts.into()))
}
