//! What sessions cost on each store: `session_store sqlite <file> | postgres <url> | redis <url>` prints one line of JSON
//! with operations per second and bytes per idle session. `make bench` runs it; one thread, so that a core is what counts.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portico::storage::{Database, PostgresSessionStore, RedisSessionStore, SqliteSessionStore};
use portico_identity::seal::Sealer;
use portico_identity::session::{
    ActiveSession, Lifetimes, Membership, Person, SessionState, Sessions, SharedSessionStore, Tokens,
};
use portico_ports::{Clock, OsRandom, SystemClock};
use time::Duration as Span;

/// Requests under way at once, as behind a busy portal.
const CONCURRENT: usize = 32;
const MEASURE: Duration = Duration::from_secs(2);
/// Enough that the allocator's own blocks do not count.
const IDLE: usize = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, place] = arguments.as_slice() else {
        return Err("usage: session_store sqlite <file> | postgres <url> | redis <url>".into());
    };
    let store = open(kind, place).await?;
    let warm = Arc::new(instance(store.clone())?);
    let session = warm.begin(state("bench")).await?;
    while !warm.trusts_memory() {
        heard(&warm).await;
    }
    let from_memory = rate(|| async { warm.find(&session.id).await.map(drop) }, Some(&warm)).await?;
    let from_store = rate(|| async { store.load(&session.id).await.map(drop) }, None).await?;
    let saves = saves(&warm).await?;
    let idle = idle_bytes(&warm).await?;
    let line = serde_json::json!({
        "fromMemory": from_memory, "fromStore": from_store, "saves": saves, "idleBytes": idle,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

async fn open(kind: &str, place: &str) -> Result<Arc<dyn SharedSessionStore>, Box<dyn Error>> {
    Ok(match kind {
        "redis" => Arc::new(RedisSessionStore::connect(place).await?),
        "postgres" => match Database::open_postgres(place).await? {
            Database::Postgres(pool) => Arc::new(PostgresSessionStore::new(pool)),
            Database::Sqlite(_) => return Err("a PostgreSQL URL opened SQLite".into()),
        },
        "sqlite" => match Database::open_sqlite(place.as_ref()).await? {
            Database::Sqlite(pool) => Arc::new(SqliteSessionStore::new(pool)),
            Database::Postgres(_) => return Err("a file opened PostgreSQL".into()),
        },
        other => return Err(format!("{other} is no store").into()),
    })
}

fn instance(store: Arc<dyn SharedSessionStore>) -> Result<Sessions, Box<dyn Error>> {
    let lifetimes = Lifetimes { idle: Span::minutes(30), absolute: Span::hours(12) };
    let sealer = Sealer::new(&[[7; 32]]).ok_or("a ring needs a key")?;
    Ok(Sessions::new(store, sealer, lifetimes, Arc::new(SystemClock), Arc::new(OsRandom)))
}

/// Takes in what the feed has told, and waits for a moment.
async fn heard(sessions: &Sessions) {
    let mut notices = sessions.listen();
    if let Ok(Ok(notice)) = tokio::time::timeout(Duration::from_millis(500), notices.recv()).await {
        sessions.heard(&notice);
    }
}

/// Operations per second, with several under way at once.
async fn rate<E, F>(operation: impl Fn() -> F, hearing: Option<&Sessions>) -> Result<f64, E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut notices = hearing.map(Sessions::listen);
    let (begun, mut done) = (Instant::now(), 0_u32);
    while begun.elapsed() < MEASURE {
        futures::future::try_join_all((0..CONCURRENT).map(|_| operation())).await?;
        done += u32::try_from(CONCURRENT).unwrap_or(u32::MAX);
        if done % 4096 == 0 {
            // The runtime has one thread, and the feed needs some of it.
            tokio::task::yield_now().await;
            while let (Some(sessions), Some(Ok(notice))) = (hearing, notices.as_mut().map(|n| n.try_recv())) {
                sessions.heard(&notice);
            }
        }
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// Changes per second, each of a session of its own, as refreshes are.
async fn saves(sessions: &Sessions) -> Result<f64, Box<dyn Error>> {
    let begin = (0..CONCURRENT).map(|n| sessions.begin(state(&format!("saves-{n}"))));
    let kept: Vec<Arc<ActiveSession>> = futures::future::try_join_all(begin).await?;
    let (begun, mut done) = (Instant::now(), 0_u32);
    while begun.elapsed() < MEASURE {
        let changes = kept.iter().map(|session| sessions.replace_tokens(session, tokens()));
        futures::future::try_join_all(changes).await?;
        done += u32::try_from(CONCURRENT).unwrap_or(u32::MAX);
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// Bytes of memory that one more idle session takes.
async fn idle_bytes(sessions: &Sessions) -> Result<f64, Box<dyn Error>> {
    let before = resident()?;
    for batch in 0..IDLE / CONCURRENT {
        let begin = (0..CONCURRENT).map(|n| sessions.begin(state(&format!("idle-{batch}-{n}"))));
        futures::future::try_join_all(begin).await?;
    }
    Ok((resident()? - before) / IDLE as f64)
}

/// Resident memory of this process in bytes, from /proc.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

/// A session as a login makes it, with tokens of the usual size.
fn state(sub: &str) -> SessionState {
    let now = SystemClock.now();
    let acme = Membership { id: "acme".into(), name: "Acme".into(), roles: vec!["member".into()] };
    SessionState {
        person: Person {
            issuer: "https://idp.example".into(),
            sub: sub.into(),
            name: "Alice".into(),
            email: Some("alice@example.com".into()),
            email_verified: Some(true),
            claims: None,
        },
        org_id: "acme".into(),
        tokens_org_id: "acme".into(),
        organizations: vec![acme.clone()],
        provider_organizations: vec![acme],
        sid: Some(sub.into()),
        tokens: tokens(),
        created_at: now,
        expires_at: now + Span::hours(12),
        device: "Chrome on Linux".into(),
        notice: None,
        renew: false,
    }
}

fn tokens() -> Tokens {
    Tokens {
        access_token: "a".repeat(900),
        access_expires_at: SystemClock.now() + Span::minutes(5),
        refresh_token: Some("r".repeat(300)),
        refresh_expires_at: None,
        id_token: "i".repeat(900),
    }
}
