use serde::{Deserialize, Serialize};

/// Invitations into organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationsConfig {
    /// How long an invitation can be accepted, in days.
    pub valid_days: u16,
    /// How many letters one organization may have sent per minute.
    pub per_minute: u32,
}

impl Default for InvitationsConfig {
    fn default() -> Self {
        Self { valid_days: 7, per_minute: 30 }
    }
}
