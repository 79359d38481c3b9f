use std::time::Duration;

use async_trait::async_trait;
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use portico_app::mail::Letter;
use portico_directory::EmailAddress;
use thiserror::Error;

use super::{MailError, Mailer};

/// Mail through an SMTP server (RFC 5321), over TLS where the URL says so.
pub struct SmtpMailer {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

/// What cannot be used of the configuration. The URL holds a password and is not shown.
#[derive(Debug, Error)]
pub enum SmtpSetup {
    /// No sender.
    #[error(
        "mail.from must be an address, such as Portico <portal@example.com>, where a mail server is named"
    )]
    From,
    /// No server.
    #[error(
        "the mail server's URL (mail.smtp_url_file or PORTICO_SMTP_URL) must be like smtps://user:password@mail.example: {0}"
    )]
    Url(String),
}

impl SmtpMailer {
    /// A mailer for a server's URL. Nothing is connected to yet.
    pub fn new(url: &str, from: Option<&str>, timeout: Duration) -> Result<Self, SmtpSetup> {
        let from = from.and_then(|from| from.parse().ok()).ok_or(SmtpSetup::From)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|error| SmtpSetup::Url(error.to_string()))?;
        Ok(Self { from, transport: builder.timeout(Some(timeout)).build(), timeout })
    }

    fn message(&self, to: &EmailAddress, letter: &Letter) -> Result<Message, MailError> {
        let address: Address = to
            .as_str()
            .parse()
            .map_err(|error: lettre::address::AddressError| MailError::Message(error.to_string()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(&letter.subject)
            // RFC 3834, section 5: no answering machine answers this.
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()));
        message.map_err(|error| MailError::Message(error.to_string()))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, to: &EmailAddress, letter: &Letter) -> Result<(), MailError> {
        let message = self.message(to, letter)?;
        // lettre's limit is per command; this one is for the whole conversation.
        let sent = tokio::time::timeout(self.timeout, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(MailError::Server(error.to_string())),
            Err(_) => Err(MailError::Server("it did not answer in time".into())),
        }
    }
}

#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
