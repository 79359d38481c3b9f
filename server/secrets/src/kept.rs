use std::fmt;
use std::time::Duration;

use super::{Secret, SecretError, SecretSource};

/// Puts new values to use; says what is wrong with them where it cannot. Nothing has changed then.
pub type Apply = Box<dyn Fn(&[Secret]) -> Result<(), String> + Send + Sync>;

/// Secrets that are used together (a certificate and its key), read again and again. What was read last is in use until
/// something else is.
pub struct Kept {
    sources: Vec<Box<dyn SecretSource>>,
    apply: Apply,
    current: Vec<Secret>,
    failing: bool,
    interval: Duration,
    next: Duration,
}

/// What one look at the sources came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    Same,
    /// The first values, or others than before, are in use now.
    Rotated {
        /// The version, where the source counts them.
        version: Option<u64>,
        /// Whether these are the first.
        first: bool,
    },
    /// The sources answer again, and say what they said before.
    Recovered,
    /// The sources have begun to fail; what was read last stays in use.
    Failed(SecretError),
    /// They go on failing.
    StillFailing,
}

/// A source is asked at least this often after it failed, and no source more often.
const IMPATIENT: Duration = Duration::from_secs(5);

impl Kept {
    /// Reads `sources` every `interval`, or sooner where a value ends before that.
    pub fn new(sources: Vec<Box<dyn SecretSource>>, interval: Duration, apply: Apply) -> Self {
        Self { sources, apply, current: Vec::new(), failing: false, interval, next: interval }
    }

    /// What the sources are called.
    pub fn names(&self) -> String {
        self.sources.iter().map(|source| source.name()).collect::<Vec<_>>().join(" and ")
    }

    /// How long until the next turn.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Reads the sources once and puts to use what is new.
    pub async fn turn(&mut self) -> Turn {
        match self.read().await {
            Ok(version) => {
                let recovered = std::mem::take(&mut self.failing);
                match version {
                    Some((version, first)) => Turn::Rotated { version, first },
                    None if recovered => Turn::Recovered,
                    None => Turn::Same,
                }
            }
            Err(error) => {
                self.next = self.interval.min(IMPATIENT);
                match std::mem::replace(&mut self.failing, true) {
                    true => Turn::StillFailing,
                    false => Turn::Failed(error),
                }
            }
        }
    }

    /// The version of what is new and whether it is the first; none where nothing is.
    async fn read(&mut self) -> Result<Option<(Option<u64>, bool)>, SecretError> {
        let (mut secrets, mut version, mut next) = (Vec::new(), None, self.interval);
        for source in &self.sources {
            let fetched = source.fetch().await?;
            version = version.max(fetched.version);
            // With a third of the time left, one failure more is no loss.
            next = fetched.valid_for.map_or(next, |valid| next.min(valid * 2 / 3));
            secrets.push(fetched.secret);
        }
        self.next = next.max(IMPATIENT.min(self.interval));
        if secrets == self.current {
            return Ok(None);
        }
        (self.apply)(&secrets).map_err(|reason| SecretError::Unusable { name: self.names(), reason })?;
        let first = self.current.is_empty();
        self.current = secrets;
        Ok(Some((version, first)))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("sources", &self.names()).finish_non_exhaustive()
    }
}
