use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// What a person may do in an organization: the permissions their roles give, and those of them that the
/// organization's plan includes. Both lists are sorted and without repeats; a clone is a counter.
#[derive(Clone, PartialEq, Eq)]
pub struct Entitlements(Arc<Sets>);

#[derive(PartialEq, Eq)]
struct Sets {
    permissions: Vec<String>,
    entitlements: Vec<String>,
    fingerprint: Fingerprint,
}

impl Entitlements {
    /// The entitlements of `permissions` under a plan that includes what `in_plan` says.
    pub fn new(mut permissions: Vec<String>, in_plan: impl Fn(&str) -> bool) -> Self {
        permissions.sort_unstable();
        permissions.dedup();
        let entitlements: Vec<String> = permissions.iter().filter(|name| in_plan(name)).cloned().collect();
        let fingerprint = Fingerprint::of(&entitlements);
        Self(Arc::new(Sets { permissions, entitlements, fingerprint }))
    }

    /// No permission at all.
    pub fn none() -> Self {
        Self::new(Vec::new(), |_| false)
    }

    /// What the roles give, sorted.
    pub fn permissions(&self) -> &[String] {
        &self.0.permissions
    }

    /// What the plan leaves of it, sorted. All authorisation uses these.
    pub fn entitlements(&self) -> &[String] {
        &self.0.entitlements
    }

    /// Whether `permission` is among the entitlements.
    pub fn contains(&self, permission: &str) -> bool {
        self.0.entitlements.binary_search_by(|held| held.as_str().cmp(permission)).is_ok()
    }

    /// Whether every one of `required` is among the entitlements.
    pub fn contains_all(&self, required: &[String]) -> bool {
        required.iter().all(|name| self.contains(name))
    }

    /// Those of `required` that are not among the entitlements, in the order given.
    pub fn missing(&self, required: &[String]) -> Vec<String> {
        required.iter().filter(|name| !self.contains(name)).cloned().collect()
    }

    /// A digest of the entitlements, for cache keys: two people with the same entitlements have the same one.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }
}

impl fmt::Debug for Entitlements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entitlements")
            .field("permissions", &self.0.permissions)
            .field("entitlements", &self.0.entitlements)
            .finish_non_exhaustive()
    }
}

/// SHA-256 over a sorted set of permissions. A collision would hand one permission set the cached answers of another,
/// which is why this is a cryptographic hash and not a table hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(sorted: &[String]) -> Self {
        let mut hash = Sha256::new();
        for name in sorted {
            hash.update(name.as_bytes());
            // A separator that no permission contains keeps ["a.b", "c.d"] apart from ["a.bc", ".d"].
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
