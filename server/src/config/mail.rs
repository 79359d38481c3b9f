use std::path::PathBuf;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// How the portal sends mail. Without a server, development shows the links that would have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Who sends: `Portico <portal@example.com>`. Needed where a server is named.
    pub from: Option<String>,
    /// A file that holds the URL of the mail server (`smtps://user:password@mail.example`, or
    /// `smtp://mail.example?tls=required`). The environment variable `PORTICO_SMTP_URL` holds it otherwise.
    pub smtp_url_file: Option<PathBuf>,
    /// How long the mail server may take for one message, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self { from: None, smtp_url_file: None, timeout_ms: 10_000 }
    }
}

impl MailConfig {
    /// What is wrong with it; names the key.
    pub(super) fn problem(&self) -> Option<String> {
        let from = self.from.as_ref()?;
        let unreadable = from.parse::<Mailbox>().is_err();
        unreadable.then(|| "mail.from must be an address, such as Portico <portal@example.com>".to_owned())
    }
}
