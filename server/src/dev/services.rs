use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::config::ServiceConfig;

/// The processes beside the portal. They end when this is dropped.
#[derive(Debug, Default)]
pub struct Neighbours {
    tasks: JoinSet<()>,
}

/// A service that ends is started again after this time, doubled at every quick end up to the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts every service with `environment` added to its own, and with the key, out of `keys`, of the producer that it is.
pub fn start_services(
    services: &[ServiceConfig],
    fixtures: bool,
    environment: &[(String, String)],
    keys: &BTreeMap<String, (String, String)>,
) -> Neighbours {
    let mut neighbours = Neighbours::default();
    for service in services.iter().filter(|service| fixtures || !service.fixtures_only) {
        let mut environment = environment.to_vec();
        if let Some((id, key)) = service.producer.as_ref().and_then(|producer| keys.get(producer)) {
            environment.push(("PORTICO_SIGNING_KEY".to_owned(), format!("{id}:{key}")));
        }
        neighbours.tasks.spawn(keep_running(service.clone(), environment));
    }
    neighbours
}

async fn keep_running(service: ServiceConfig, environment: Vec<(String, String)>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = tokio::time::Instant::now();
        match spawn(&service, &environment) {
            Ok(mut child) => {
                tell_output(&service.name, &mut child);
                let status = child.wait().await;
                tracing::warn!(service.name, service.status = ?status.ok(), "an example service ended");
            }
            Err(error) => {
                tracing::error!(service.name, error.message = %error, "an example service could not be started");
            }
        }
        if started.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn spawn(service: &ServiceConfig, environment: &[(String, String)]) -> std::io::Result<Child> {
    let (program, arguments) = service.command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    Command::new(program)
        .args(arguments)
        .current_dir(&service.directory)
        .envs(environment.iter().cloned())
        .envs(&service.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// What a service prints goes to the portal's log, so that one terminal shows everything.
fn tell_output(name: &str, child: &mut Child) {
    if let Some(stdout) = child.stdout.take() {
        let (name, mut lines) = (name.to_owned(), BufReader::new(stdout).lines());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::info!(target: "service", service = name, "{line}");
            }
        });
    }
    if let Some(stderr) = child.stderr.take() {
        let (name, mut lines) = (name.to_owned(), BufReader::new(stderr).lines());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::warn!(target: "service", service = name, "{line}");
            }
        });
    }
}
