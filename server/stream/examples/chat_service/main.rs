//! A service behind a remote, in Rust: it answers each `chat.message` with a `chat.reply` in parts, and signs them.
//!
//! ```text
//! KAFKA_BROKERS=127.0.0.1:9092 PORTICO_SIGNING_KEY=chat-1:<base64> cargo run --release --example chat_service
//! ```
//!
//! It knows nothing of the portal's code: what it has to do is in `docs/events.md`. The same in JavaScript is
//! `remotes/chat/service`.

mod service;
mod signature;

use service::{Service, run};
use signature::SigningKey;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a small program says on the terminal what is wrong")]
async fn main() -> std::process::ExitCode {
    let variable = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let Some(key) = SigningKey::parse(&variable("PORTICO_SIGNING_KEY", "")) else {
        eprintln!("PORTICO_SIGNING_KEY must be a key's id, a colon, and at least 32 bytes in base64");
        return std::process::ExitCode::FAILURE;
    };
    let service = Service {
        brokers: variable("KAFKA_BROKERS", "127.0.0.1:9092"),
        source: "/services/chat".to_owned(),
        inbound: "chat.inbound".to_owned(),
        outbound: "chat.outbound".to_owned(),
        key,
    };
    match run(&service).await {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("chat: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
