//! `portico`: reads the configuration, puts the portal together, listens. What else it does is in [`portico::cli`].

use std::process::ExitCode;
use std::time::Duration;

use portico::cli::{self, Command};
use portico::config::{self, Config, TlsMode};
use portico::dev::start_services;
use portico::log::BatchWriter;
use portico::start::{Parts, StartError, start};
use portico::state::AppState;
use portico::{app, log, reload, serve, tls};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

/// Rendering a page is mostly allocating: it takes a fifth less time than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Kept until the end: what it holds is written when it is dropped.
    let log = match log::start() {
        Ok(guard) => guard,
        Err(error) => return no_log(&error),
    };
    let command = match cli::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            tracing::error!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if command != Command::Serve {
        return cli::run(&command).await;
    }
    match run(log.writer()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error.message = %error, "the portal could not start");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "there is no log to say it in")]
fn no_log(error: &std::io::Error) -> ExitCode {
    eprintln!("the log could not be started: {error}");
    ExitCode::FAILURE
}

async fn run(log: &BatchWriter) -> Result<(), Box<dyn std::error::Error>> {
    let config = config::load()?;
    let tls = tls::acceptor(&config)?;
    // Bound first: a port that is taken should be said before anything else is started.
    let listener = bind(config.listen.addr, "listen.addr")?;
    let admin = bind(config.listen.admin_addr, "listen.admin_addr")?;
    let parts = Parts { log: Some(log.clone()), ..Parts::real(&config) };
    let state = start(config.clone(), parts.clone()).await?;
    let (current_audit, embedded) = (state.audit.clone(), parts.embedded.clone());
    let (answers, current_answers) = watch::channel(app::app(state.clone()));
    let (_, admin_routers) = watch::channel(app::admin(state.clone()));
    let (current, states) = watch::channel(state.clone());
    let (stop, stopped) = watch::channel(false);
    let last = states.clone();
    tokio::spawn(on_signal(stop, states));
    tokio::spawn(reload::follow(config.clone(), parts, answers, current));
    let (limits, drain) = (config.limits.clone(), Duration::from_secs(config.listen.drain_seconds));
    let portal = serve::serve(listener, tls, current_answers, limits.clone(), drain, wait(stopped.clone()));
    let metrics = serve::serve(admin, None, admin_routers, limits, drain, wait(stopped));
    let services = start_services(
        &config.development.services,
        config.registry.fixtures,
        &neighbours_environment(&state, &config),
        state.events.generated_keys(),
    );
    greet(&config);
    tokio::join!(portal, metrics);
    current_audit.sink().flush().await;
    embedded.flush().await;
    let tracer = last.borrow().tracer.clone();
    if let Some(tracer) = tracer {
        tracer.flush().await;
    }
    drop(services);
    Ok(())
}

/// How many clients may wait to be accepted, where the system allows it: all of them come at once when another instance went down.
const BACKLOG: u32 = 8192;

fn bind(addr: std::net::SocketAddr, key: &str) -> Result<TcpListener, StartError> {
    let listen = || {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| StartError::Listen { addr, key: key.to_owned(), error })
}

/// What example services need to know: who issues tokens, who calls them, where Kafka is.
fn neighbours_environment(state: &AppState, config: &Config) -> Vec<(String, String)> {
    let root = (config.listen.tls == TlsMode::Generated).then(|| tls::generated_certificate(config));
    // Services run in directories of their own.
    let root = root.and_then(|root| std::path::absolute(root).ok());
    let trust = root.map(|root| ("NODE_EXTRA_CA_CERTS".to_owned(), root.display().to_string()));
    // Whoever accepts an issuer takes its name with or without the slash that some have at the end.
    let issuers: Vec<_> = state.providers.iter().map(|of| of.issuer().trim_end_matches('/')).collect();
    let mut environment = vec![
        ("PORTICO_ISSUER".into(), issuers[0].into()),
        ("PORTICO_ISSUERS".into(), issuers.join(",")),
        ("PORTICO_ORIGIN".into(), state.origin.clone()),
        ("KAFKA_BROKERS".into(), state.events.brokers()),
    ];
    environment.extend(trust);
    environment
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // The sender lives in a task that ends only after sending; an error means the same.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// SIGTERM and Ctrl-C: not ready first, streams told, then the sockets close.
async fn on_signal(stop: watch::Sender<bool>, state: watch::Receiver<AppState>) {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::error!(error.message = %error, "SIGTERM cannot be heard");
            return;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("shutting down");
    let notice = {
        let state = state.borrow();
        state.give_notice();
        Duration::from_millis(state.config.listen.notice_ms)
    };
    // A second signal does not wait.
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    state.borrow().drain();
    let _ = stop.send(true);
}

/// What a person at the terminal needs next.
#[expect(clippy::print_stdout, reason = "the one message that is for the person, not for the log")]
fn greet(config: &Config) {
    let url = config.public_url();
    println!("\n  Portico is ready:  {url}\n");
    if config.identity.issuer.is_none() {
        println!(
            "  Demo accounts (no password): alice (Acme, admin), bob (Acme), carol (Globex), erin (both)"
        );
        println!("  Sign in directly:  {url}auth/login?login_hint=alice\n");
    }
}
