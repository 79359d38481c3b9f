//! Ranges of versions as npm writes them, after the grammar that npm's `semver` documents ("Range Grammar").
//!
//! Our own, because the crates that offer this accept text npm refuses (`1.0.0 nonsense`) and refuse numbers npm accepts.

mod desugar;
mod partial;

use std::str::FromStr;

use semver::Version;
use thiserror::Error;

/// The largest number a version may contain: JavaScript counts no further.
pub(crate) const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// The longest range that is read, in bytes.
const LONGEST_RANGE: usize = 256;

/// Which versions will do, such as `^1.2.0` or `>=1.4 <3 || 5.x`.
///
/// A prerelease satisfies a range only where the range itself names a prerelease of the same version: `^1.2.3-beta.1`
/// allows `1.2.3-beta.2`, not `1.3.0-beta.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange(Vec<Vec<Comparator>>);

/// The text is not a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a range of versions as npm writes it")]
pub struct VersionRangeError;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl VersionRange {
    /// Whether `version` will do. Build metadata does not matter.
    pub fn allows(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            let named = |comparator: &Comparator| {
                let named = &comparator.version;
                !named.pre.is_empty()
                    && (named.major, named.minor, named.patch)
                        == (version.major, version.minor, version.patch)
            };
            all.iter().all(|comparator| comparator.holds(version))
                && (version.pre.is_empty() || all.iter().any(named))
        })
    }
}

impl FromStr for VersionRange {
    type Err = VersionRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST_RANGE {
            return Err(VersionRangeError);
        }
        text.split("||")
            .map(|part| desugar::comparators(part.trim()))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(VersionRangeError)
    }
}

impl Comparator {
    fn holds(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Equal => order.is_eq(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Greater => order.is_gt(),
        }
    }
}
