//! The way of an event, with an event log that fails when the test wants it to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use portico_audit::{
    AuditDelivery, AuditEvent, AuditSink as _, AuditTrail, Decision, DeliveryError, SpoolLimits,
};
use time::OffsetDateTime;

fn metrics(trail: &AuditTrail) -> String {
    let mut out = portico_telemetry::Exposition::default();
    trail.expose(&mut out);
    out.render()
}

#[derive(Default)]
struct Log {
    away: AtomicBool,
    events: Mutex<Vec<(String, serde_json::Value)>>,
}

#[async_trait]
impl AuditDelivery for Log {
    async fn deliver(&self, key: &str, event: &str) -> Result<(), DeliveryError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(DeliveryError::Unavailable("the broker is away".into()));
        }
        let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
        if event["data"]["reason"] == "unacceptable" {
            return Err(DeliveryError::Rejected("too large".into()));
        }
        self.events.lock().push((key.to_owned(), event));
        Ok(())
    }
}

impl Log {
    fn ids(&self) -> Vec<String> {
        self.events
            .lock()
            .iter()
            .map(|(_, event)| event["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    async fn has(&self, count: usize) {
        for _ in 0..500 {
            if self.events.lock().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} events never arrived: {:?}", self.ids());
    }
}

fn event(id: &str) -> AuditEvent {
    AuditEvent {
        id: id.to_owned(),
        time: OffsetDateTime::UNIX_EPOCH,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        action: "login".into(),
        resource: String::new(),
        decision: Decision::Allow,
        reason: String::new(),
        subject: "demo|bob".into(),
        issuer: "https://idp.test".into(),
        organization: "acme".into(),
        client_address: "127.0.0.1".into(),
    }
}

fn trail(directory: &Path, total_bytes: u64, log: &Arc<Log>) -> AuditTrail {
    let limits = SpoolLimits { segment_bytes: 4096, total_bytes };
    AuditTrail::start(directory, limits, "https://portal.test", log.clone()).expect("it starts")
}

fn names(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn an_event_arrives_as_a_cloud_event_under_its_organization() {
    let (directory, log) = (tempfile::tempdir().expect("a directory"), Arc::new(Log::default()));
    trail(directory.path(), 1 << 20, &log).record(event("1"));
    // Dropped at once: what was recorded is in the spool, and the next start delivers it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let trail = trail(directory.path(), 1 << 20, &log);
    log.has(1).await;
    let (key, event) = log.events.lock()[0].clone();
    assert_eq!(key, "acme");
    assert_eq!((&event["type"], &event["orgid"]), (&"portico.audit".into(), &"acme".into()));
    assert_eq!(event["data"]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(event["data"]["decision"], "allow");
    assert!(trail.ready().is_ok());
}

#[tokio::test]
async fn case_69_what_cannot_be_delivered_is_spooled_and_delivered_later_in_order() {
    let (directory, log) = (tempfile::tempdir().expect("a directory"), Arc::new(Log::default()));
    log.away.store(true, Ordering::SeqCst);
    let first = trail(directory.path(), 1 << 20, &log);
    for id in names(0..20) {
        first.record(event(&id));
    }
    first.flush().await;
    assert!(metrics(&first).contains("portico_audit_spooled 20"), "{}", metrics(&first));
    // The process dies; another goes on.
    drop(first);
    let second = trail(directory.path(), 1 << 20, &log);
    second.record(event("20"));
    log.away.store(false, Ordering::SeqCst);
    log.has(21).await;
    let mut ids = log.ids();
    ids.dedup();
    assert_eq!(ids, names(0..21));
}

#[tokio::test]
async fn case_69_a_full_spool_is_loud_until_there_is_room() {
    let (directory, log) = (tempfile::tempdir().expect("a directory"), Arc::new(Log::default()));
    log.away.store(true, Ordering::SeqCst);
    let trail = trail(directory.path(), 8192, &log);
    for id in names(0..100) {
        trail.record(event(&id));
    }
    trail.flush().await;
    assert!(trail.ready().is_err_and(|why| why.contains("spool")));
    assert!(!metrics(&trail).contains("portico_audit_lost_total 0"));
    log.away.store(false, Ordering::SeqCst);
    log.has(10).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    trail.record(event("later"));
    trail.flush().await;
    assert!(trail.ready().is_ok());
}

#[tokio::test]
async fn an_event_that_is_never_taken_holds_up_nobody() {
    let (directory, log) = (tempfile::tempdir().expect("a directory"), Arc::new(Log::default()));
    let trail = trail(directory.path(), 1 << 20, &log);
    trail.record(AuditEvent { reason: "unacceptable".into(), ..event("bad") });
    trail.record(event("good"));
    log.has(1).await;
    assert_eq!(log.ids(), ["good"]);
    assert!(metrics(&trail).contains("portico_audit_lost_total 1"));
}
