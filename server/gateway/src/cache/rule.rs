use std::time::Duration;

/// How answers of a route may be kept, as its manifest declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheRule {
    /// Whom an answer may be given to.
    pub scope: CacheScope,
    /// How long it is fresh; the upstream says so otherwise.
    pub max_age: Option<Duration>,
    /// How long after that it is given while a new one is fetched; the upstream says so otherwise.
    pub stale_while_revalidate: Option<Duration>,
    /// How long after that it is given where the upstream fails; the upstream says so otherwise.
    pub stale_if_error: Option<Duration>,
    /// How long a browser uses it without asking.
    pub browser: Option<Duration>,
}

impl CacheRule {
    /// What the upstream says, for the person it was made for.
    pub(crate) const fn nothing() -> Self {
        Self {
            scope: CacheScope::Person,
            max_age: None,
            stale_while_revalidate: None,
            stale_if_error: None,
            browser: None,
        }
    }
}

/// Whom a kept answer may be given to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheScope {
    /// The person it was made for.
    #[default]
    Person,
    /// Everyone with the same permissions in the same organization.
    Organization,
}
