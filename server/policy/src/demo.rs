use std::collections::BTreeMap;

use crate::PolicyConfig;
use crate::config::{All, PlanPermissions};

/// What a member of a demo organization may do; an admin may administer the organization besides.
const MEMBER: [&str; 5] = ["chat.use", "echo.use", "insights.read", "todos.read", "todos.write"];

impl PolicyConfig {
    /// The embedded default for the demo organizations: roles `admin` and `member`, one plan that includes everything,
    /// and `acme` and `globex` on it.
    pub fn demo() -> Self {
        let names = |extra: &[&str]| MEMBER.iter().chain(extra).map(|&name| name.to_owned()).collect();
        Self {
            roles: BTreeMap::from([
                ("admin".to_owned(), names(&["org.admin"])),
                ("member".to_owned(), names(&[])),
            ]),
            plans: BTreeMap::from([("standard".to_owned(), PlanPermissions::All(All::All))]),
            organizations: ["acme", "globex"].map(|id| (id.to_owned(), "standard".to_owned())).into(),
            default_plan: None,
        }
    }
}
