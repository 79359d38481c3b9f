use serde::{Deserialize, Serialize};

/// What kind of place this instance runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Embedded defaults, demo data, configuration reloaded on change.
    #[default]
    Development,
    /// Real parts only; configuration is read once.
    Production,
}

impl Environment {
    /// As configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}
