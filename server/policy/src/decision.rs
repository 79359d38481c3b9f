use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Go ahead.
    Allow,
    /// Refused.
    Deny,
    /// Refused until someone signs in: there is no session, and the resource is not public.
    SignIn,
    /// Refused for now: the engine gives no answer, so that nobody knows whether it would be allowed.
    Unavailable,
}

impl Effect {
    /// The audit log's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::SignIn => "sign-in",
            Self::Unavailable => "unavailable",
        }
    }
}

/// An engine's answer. An allowed one costs no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Allowed or not.
    pub effect: Effect,
    /// Why, for the audit log and for administrators. Never shown to the caller.
    pub reason: Cow<'static, str>,
    /// The permissions that would have been needed and are not held.
    pub missing: Vec<String>,
}

impl Decision {
    /// Allowed, because of `reason`.
    pub fn allow(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { effect: Effect::Allow, reason: reason.into(), missing: Vec::new() }
    }

    /// Refused, because of `reason`.
    pub fn deny(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { effect: Effect::Deny, reason: reason.into(), missing: Vec::new() }
    }

    /// Refused, because these permissions are not held.
    pub fn missing(permissions: Vec<String>) -> Self {
        let reason = format!("the entitlements lack {}", permissions.join(", "));
        Self { effect: Effect::Deny, reason: reason.into(), missing: permissions }
    }

    /// Refused, because nobody is signed in.
    pub fn sign_in() -> Self {
        Self { effect: Effect::SignIn, reason: "there is no session".into(), missing: Vec::new() }
    }

    /// Refused for now, because the engine gives no answer: why.
    pub fn unavailable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { effect: Effect::Unavailable, reason: reason.into(), missing: Vec::new() }
    }

    /// Whether to go ahead.
    pub fn is_allowed(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// Whether it is no decision: the engine gave no answer, and the same question may be answered later.
    pub fn is_unavailable(&self) -> bool {
        self.effect == Effect::Unavailable
    }

    /// What the caller may be told: at most the name of a permission, never the engine's reasons.
    pub fn caller_detail(&self) -> String {
        match (self.effect, self.missing.as_slice()) {
            (Effect::Allow, _) => "Allowed.".to_owned(),
            (Effect::SignIn, _) => "Sign in to do this.".to_owned(),
            (Effect::Unavailable, _) => {
                "The policy engine gives no answer, so nothing was done. Try again in a moment.".to_owned()
            }
            (Effect::Deny, []) => "Your account may not do this.".to_owned(),
            (Effect::Deny, [one]) => {
                format!("This needs the permission {one}. Ask an administrator of your organization for it.")
            }
            (Effect::Deny, many) => {
                format!(
                    "This needs the permissions {}. Ask an administrator of your organization for them.",
                    many.join(", ")
                )
            }
        }
    }
}
