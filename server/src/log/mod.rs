//! Where log lines go: formatted where they arise, written by one thread.

mod fields;
mod lines;
mod stamp;
mod writer;

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use lines::{Form, Lines};
pub use writer::{BatchWriter, LogGuard};

/// Begins the log on standard error: lines for people on a terminal, JSON where `PORTICO_LOG_FORMAT=json`; `PORTICO_LOG`
/// filters as `RUST_LOG` would. What is in the guard is written when it is dropped, and before a panic is told.
///
/// # Errors
/// When the system has no thread to give.
pub fn start() -> io::Result<LogGuard> {
    let (writer, guard) = BatchWriter::start(io::stderr())?;
    let filter = EnvFilter::try_from_env("PORTICO_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,rdkafka=error,librdkafka=error"));
    let form = match std::env::var("PORTICO_LOG_FORMAT").is_ok_and(|format| format == "json") {
        true => Form::Json,
        // Escape codes are for people's eyes: in a file they are in everybody's way.
        false => Form::Text { colour: io::stderr().is_terminal() },
    };
    tracing_subscriber::registry().with(filter).with(Lines::new(writer.clone(), form)).init();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        writer.flush();
        before(panic);
    }));
    Ok(guard)
}
