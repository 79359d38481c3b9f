//! Many subscribers of event streams in one process, for the benchmarks: what they cost must not be what is measured.
//!
//! Commands come as lines of JSON on standard input, one at a time, and each is answered by one line of JSON:
//!
//! - `{"open": {"address": …, "requests": […]}}` sends each request on a connection of its own, and answers once all streams are open.
//! - `{"expect": N}` answers that it counts, and after N more events with their percentiles in milliseconds.
//! - `{"resume": {"address": …, "requests": […], "events": N}}` sends all requests at once and counts, event by event, who gets what.

mod answer;
mod hold;
mod resume;

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Command {
    Open(Streams),
    Expect(usize),
    Resume {
        #[serde(flatten)]
        streams: Streams,
        events: usize,
    },
}

#[derive(Deserialize)]
struct Streams {
    address: SocketAddr,
    requests: Vec<String>,
}

/// How long arrivals at streams that stay open gather before they are read. A program that waits for its sockets is woken by whoever
/// writes to the first of them, at the writer's cost, which is more than that of the write; a client on another machine costs its
/// server nothing.
const GATHER: Duration = Duration::from_micros(200);
static GATHERS: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Box<dyn Error>> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().on_thread_park(gather).build()?.block_on(serve())
}

fn gather() {
    if GATHERS.load(Ordering::Relaxed) {
        thread::sleep(GATHER);
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let (told, mut lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| told.send(line))
    });
    let mut held = None;
    while let Some(line) = lines.recv().await {
        match serde_json::from_str(&line)? {
            Command::Open(streams) => {
                let count = streams.requests.len();
                held = Some(hold::Held::open(streams).await?);
                GATHERS.store(true, Ordering::Relaxed);
                say(&serde_json::json!({ "opened": count }))?;
            }
            Command::Expect(count) => {
                let held = held.as_ref().ok_or("open streams first")?;
                let arrived = held.expect(count);
                say(&Value::Null)?;
                say(&arrived.await)?;
            }
            Command::Resume { streams, events } => say(&resume::resume(streams, events).await)?,
        }
    }
    Ok(())
}

fn say(answer: &Value) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

/// Connects and sends the request.
async fn request(address: SocketAddr, request: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}
