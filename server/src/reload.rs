//! Configuration that follows its file: in development a change is taken up while the portal runs.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::app::{self, App};
use crate::config::{self, Config};
use crate::start::{Parts, start};
use crate::state::AppState;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Watches the configuration file and replaces the portal behind `answers` when it changes. A file that cannot be used is
/// told and changes nothing; the running portal goes on as it was. Returns at once in production, where configuration is
/// read once.
pub async fn follow(
    first: Config,
    parts: Parts,
    answers: watch::Sender<App>,
    current: watch::Sender<AppState>,
) {
    let Some(file) = config::file().filter(|_| first.is_development()) else { return };
    let mut known = modified(&file);
    let mut running = first;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = modified(&file);
        if now == known {
            continue;
        }
        known = now;
        match config::load() {
            Ok(next) => running = replace(running, next, &parts, &answers, &current).await,
            Err(error) => tracing::error!(error.message = %error, "the changed configuration is not used"),
        }
    }
}

async fn replace(
    running: Config,
    next: Config,
    parts: &Parts,
    answers: &watch::Sender<App>,
    current: &watch::Sender<AppState>,
) -> Config {
    if next.listen.addr != running.listen.addr || next.listen.tls != running.listen.tls {
        tracing::warn!("listen.* takes effect when the portal starts again");
    }
    match start(next.clone(), parts.clone()).await {
        Ok(state) => {
            tracing::info!("the changed configuration is in use");
            // What was served until now is dropped with its last request.
            drop(answers.send_replace(app::app(state.clone())));
            // Open streams reconnect, and find the portal as it is now.
            current.send_replace(state).drain();
            next
        }
        Err(error) => {
            tracing::error!(error.message = %error, "the changed configuration is not used");
            running
        }
    }
}

fn modified(file: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
