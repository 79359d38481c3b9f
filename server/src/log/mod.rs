//! Where log lines go: formatted where they arise, written by one thread.

mod writer;

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

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
    // Escape codes are for people's eyes: in a file they are in everybody's way.
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(writer.clone());
    if std::env::var("PORTICO_LOG_FORMAT").is_ok_and(|format| format == "json") {
        // A request's span has no span around it: a list would say the same again.
        subscriber.json().with_span_list(false).init();
    } else {
        subscriber.compact().init();
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        writer.flush();
        before(panic);
    }));
    Ok(guard)
}
