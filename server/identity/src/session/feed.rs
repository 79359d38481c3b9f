use tokio::sync::broadcast;

use super::{EndReason, SessionKey};

/// What one instance tells the others about sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The feed works. It comes through the same queue as everything else, so whoever has handled it has handled what was
    /// told before it.
    Beat,
    /// A session is over.
    Ended(SessionKey, EndReason),
    /// A session's record has this version now.
    Changed {
        /// Which.
        key: SessionKey,
        /// Its version in the store.
        version: i64,
        /// Whether what it may do has changed, so that streams and exchanged tokens must be made anew.
        privileges: bool,
    },
    /// Notices may have been missed: nothing that is cached may be trusted without a look at the store.
    Gap,
}

impl Notice {
    /// One line of text, for PostgreSQL's NOTIFY and Redis' PUBLISH. It holds no credential.
    pub fn encode(&self) -> String {
        match self {
            Self::Beat => "beat".to_owned(),
            Self::Gap => "gap".to_owned(),
            Self::Ended(key, reason) => format!("ended {key} {}", reason.as_str()),
            Self::Changed { key, version, privileges } => {
                let what = if *privileges { "privileges" } else { "changed" };
                format!("{what} {key} {version}")
            }
        }
    }

    /// Reads what [`Notice::encode`] wrote; none for anything else, which a newer version may send.
    pub fn decode(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (what, key, rest) = (words.next()?, words.next(), words.next());
        match what {
            "beat" => Some(Self::Beat),
            "gap" => Some(Self::Gap),
            "ended" => Some(Self::Ended(key?.parse().ok()?, EndReason::parse(rest?)?)),
            "changed" | "privileges" => Some(Self::Changed {
                key: key?.parse().ok()?,
                version: rest?.parse().ok()?,
                privileges: what == "privileges",
            }),
            _ => None,
        }
    }
}

/// The revocation feed of a store, as it arrives at this instance. What this instance tells itself comes back too.
#[derive(Clone, Debug)]
pub struct Feed {
    notices: broadcast::Sender<Notice>,
    shared: bool,
}

/// Notices that wait for this instance; whoever falls behind by more hears of a gap.
const QUEUE: usize = 4096;

impl Feed {
    /// Of a store that only this instance uses: nobody else ends its sessions, so there is no beat to wait for.
    pub fn local() -> Self {
        Self { notices: broadcast::channel(QUEUE).0, shared: false }
    }

    /// Of a store that other instances use too.
    pub fn shared() -> Self {
        Self { notices: broadcast::channel(QUEUE).0, shared: true }
    }

    /// Whether other instances may speak on it.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Hands on what arrived.
    pub fn deliver(&self, notice: Notice) {
        // Nobody listening is no error: the portal may be on its way out.
        let _ = self.notices.send(notice);
    }

    /// What arrives from now on.
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SessionId;
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_the_rest_ignored() {
        let key = SessionKey::of(&SessionId(7));
        for notice in [
            Notice::Beat,
            Notice::Gap,
            Notice::Ended(key, EndReason::Expired),
            Notice::Changed { key, version: 3, privileges: true },
            Notice::Changed { key, version: 4, privileges: false },
        ] {
            assert_eq!(Notice::decode(&notice.encode()), Some(notice));
        }
        for odd in ["", "ended", "ended x signed-out", "changed x 1", "new-kind of notice"] {
            assert_eq!(Notice::decode(odd), None, "{odd}");
        }
    }
}
