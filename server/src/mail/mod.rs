//! Mail that the portal sends.

mod smtp;

use async_trait::async_trait;
use portico_app::mail::Letter;
use portico_directory::EmailAddress;
use thiserror::Error;

pub use smtp::{SmtpMailer, SmtpSetup};

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands one letter to the mail server, which then answers for it.
    async fn send(&self, to: &EmailAddress, letter: &Letter) -> Result<(), MailError>;
}

/// Why a letter is not on its way. Never holds its content.
#[derive(Debug, Error)]
pub enum MailError {
    /// It could not be written down as a message.
    #[error("the message cannot be made: {0}")]
    Message(String),
    /// The server refused it, or did not answer in time.
    #[error("the mail server did not take it: {0}")]
    Server(String),
}
