//! The audit trail as requests see it: who, from where and under which trace is taken from the request and its session.
//! Never a token, a cookie or a body. `docs/audit.md` lists the actions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::http::Method;
use parking_lot::Mutex;
use portico_audit::{AuditEvent, AuditLine, AuditSink, Decision};
use portico_contracts::manifest::DirectOrigin;
use portico_identity::provider::LogoutToken;
use portico_identity::session::SessionState;
use portico_policy::Effect;
use portico_ports::{Clock, Random, token};
use portico_registry::Remote;
use portico_telemetry::{Counter, Exposition, Kind};

use crate::http::{Authenticated, RequestContext};
use crate::services::{RecentDecision, RecentDecisions};

/// What makes events of decisions and hands them on.
pub struct Audit {
    sink: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    decisions: Arc<Decisions>,
    recent: RecentDecisions,
}

/// How often which action was allowed and refused.
#[derive(Debug, Default)]
struct Decisions {
    /// Calls, of which there are thousands in a second: by what was decided, as in [`DECISIONS`].
    calls: [Counter; 3],
    /// The others: the code names a few dozen.
    others: Mutex<BTreeMap<(String, &'static str), u64>>,
}

/// Each as it is counted.
const DECISIONS: [Decision; 3] = [Decision::Allow, Decision::Deny, Decision::Unavailable];

/// As the audit trail calls it.
fn decision_of(effect: Effect) -> Decision {
    match effect {
        Effect::Allow => Decision::Allow,
        Effect::Deny | Effect::SignIn => Decision::Deny,
        Effect::Unavailable => Decision::Unavailable,
    }
}

fn allowed_or_not(allowed: bool) -> Decision {
    if allowed { Decision::Allow } else { Decision::Deny }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.sink, f)
    }
}

/// Who is asking, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Who<'a> {
    /// The subject at its issuer.
    pub subject: &'a str,
    /// Whose subject that is.
    pub issuer: &'a str,
    /// The organization of the session.
    pub organization: &'a str,
}

impl<'a> Who<'a> {
    /// The person of a session.
    pub fn of(state: &'a SessionState) -> Self {
        Self { subject: &state.person.sub, issuer: &state.person.issuer, organization: &state.org_id }
    }
}

impl Audit {
    /// Into `sink`.
    pub fn new(sink: Arc<dyn AuditSink>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { sink, clock, random, decisions: Arc::default(), recent: RecentDecisions::default() }
    }

    /// Where events go.
    pub fn sink(&self) -> &dyn AuditSink {
        &*self.sink
    }

    /// What the portal does without anybody's asking.
    pub fn by_itself(&self, action: &'static str, resource: &str, allowed: bool, reason: &str) {
        let decision = allowed_or_not(allowed);
        self.count(action, decision);
        self.sink.record(AuditEvent {
            id: token::<16>(&*self.random),
            time: self.clock.now(),
            trace_id: String::new(),
            action: action.into(),
            resource: resource.to_owned(),
            decision,
            reason: reason.to_owned(),
            subject: String::new(),
            issuer: String::new(),
            organization: String::new(),
            client_address: String::new(),
        });
    }

    /// Writes how often what was decided, and what became of the events.
    pub fn expose(&self, out: &mut Exposition) {
        let help = "Decisions, by action.";
        let family = out.family("portico_decisions_total", Kind::Counter, help);
        let mut sample = |action: &str, decision: &str, count: u64| {
            family.sample(&[("action", action), ("decision", decision)], count);
        };
        for (decision, count) in DECISIONS.iter().zip(&self.decisions.calls) {
            sample("call", decision.as_str(), count.get());
        }
        for ((action, decision), count) in &*self.decisions.others.lock() {
            sample(action, decision, *count);
        }
        self.sink.expose(out);
    }

    fn count(&self, action: &str, decision: Decision) {
        // `call GET`: the method is in the calls' own metrics.
        if action == "call" || action.starts_with("call ") {
            return self.decisions.calls[decision as usize].increment();
        }
        *self.decisions.others.lock().entry((action.to_owned(), decision.as_str())).or_default() += 1;
    }

    /// What was decided lately, on this instance.
    pub fn recent(&self) -> &RecentDecisions {
        &self.recent
    }

    fn keep(&self, event: &AuditEvent, missing: &[String]) {
        let decision = RecentDecision {
            time: event.time,
            trace_id: event.trace_id.clone(),
            action: event.action.to_string(),
            resource: event.resource.clone(),
            decision: event.decision,
            reason: event.reason.clone(),
            missing: missing.to_vec(),
            subject: event.subject.clone(),
            issuer: event.issuer.clone(),
        };
        self.recent.keep(&event.organization, decision);
    }

    /// The event of a decision that `context`'s request led to, without an id.
    fn event(
        &self,
        action: Cow<'static, str>,
        resource: &str,
        decision: Decision,
        reason: &str,
        who: Who<'_>,
        context: &RequestContext,
    ) -> AuditEvent {
        AuditEvent {
            id: String::new(),
            time: self.clock.now(),
            trace_id: context.trace_id.to_string(),
            action,
            resource: resource.to_owned(),
            decision,
            reason: reason.to_owned(),
            subject: who.subject.to_owned(),
            issuer: who.issuer.to_owned(),
            organization: who.organization.to_owned(),
            client_address: context.client_ip.to_string(),
        }
    }
}

/// A session began, ended or changed.
pub fn session(action: &'static str, context: &RequestContext, state: &SessionState) {
    record(action.into(), "", true, "", Who::of(state), context);
}

/// The provider ended sessions (Back-Channel Logout 1.0).
pub fn backchannel_logout(context: &RequestContext, token: &LogoutToken, sessions: usize) {
    let subject = token.sub.as_deref().unwrap_or_default();
    let who = Who { subject, issuer: &token.issuer, organization: "" };
    record("backchannel-logout".into(), &format!("{sessions} sessions"), true, "logout token", who, context);
}

/// A decision about what a session asked for.
pub fn decision(
    action: &str,
    resource: &str,
    allowed: bool,
    reason: &str,
    session: &Authenticated,
    context: &RequestContext,
) {
    record(action.to_owned().into(), resource, allowed, reason, Who::of(&session.state), context);
}

/// A decision of the policy engine about what a session asked for.
pub fn decided(
    action: &str,
    resource: &str,
    decision: &portico_policy::Decision,
    session: &Authenticated,
    context: &RequestContext,
) {
    decided_about(action, resource, decision, Who::of(&session.state), context);
}

/// A decision of the policy engine about what anybody asked for, with or without a session.
pub fn decided_about(
    action: &str,
    resource: &str,
    decision: &portico_policy::Decision,
    who: Who<'_>,
    context: &RequestContext,
) {
    write(action.to_owned().into(), resource, Said::of(decision), who, context);
}

/// The decision about a call to an upstream. What was allowed is the line alone, without a copy of anything: there are
/// thousands in a second.
pub fn call(
    method: &Method,
    resource: fmt::Arguments<'_>,
    decision: &portico_policy::Decision,
    who: Who<'_>,
    context: &RequestContext,
) {
    if !decision.is_allowed() {
        let action = format!("call {method}").into();
        return write(action, &resource.to_string(), Said::of(decision), who, context);
    }
    context.audit.decisions.calls[Decision::Allow as usize].increment();
    AuditLine {
        trace_id: &context.trace_id,
        id: "",
        action: format_args!("call {method}"),
        resource,
        decision: Decision::Allow,
        reason: &decision.reason,
        subject: who.subject,
        issuer: who.issuer,
        organization: who.organization,
        client_address: format_args!("{}", context.client_ip),
    }
    .log();
}

/// A service that the browser calls past the portal has come into use with a version of a remote.
pub fn direct_origin(audit: &Audit, remote: &Remote, direct: &DirectOrigin) {
    audit.count("direct", Decision::Allow);
    audit.sink.record(AuditEvent {
        id: token::<16>(&*audit.random),
        time: audit.clock.now(),
        trace_id: String::new(),
        action: "direct".into(),
        resource: format!("remote {} {} origin {}", remote.id, remote.version, direct.origin),
        decision: Decision::Allow,
        reason: direct.reason.clone(),
        subject: String::new(),
        issuer: String::new(),
        organization: String::new(),
        client_address: String::new(),
    });
}

/// A refusal before anybody is known, such as a login that cannot be finished.
pub fn refused(action: &'static str, reason: &str, context: &RequestContext) {
    record(action.into(), "", false, reason, Who::default(), context);
}

/// Records one decision. What was allowed and happens all day long (calls, events) is in the log alone.
pub fn record(
    action: Cow<'static, str>,
    resource: &str,
    allowed: bool,
    reason: &str,
    who: Who<'_>,
    context: &RequestContext,
) {
    write(action, resource, Said { decision: allowed_or_not(allowed), reason, missing: &[] }, who, context);
}

/// What was decided, and why.
#[derive(Clone, Copy)]
struct Said<'a> {
    decision: Decision,
    reason: &'a str,
    missing: &'a [String],
}

impl<'a> Said<'a> {
    fn of(decision: &'a portico_policy::Decision) -> Self {
        Self { decision: decision_of(decision.effect), reason: &decision.reason, missing: &decision.missing }
    }
}

fn write(action: Cow<'static, str>, resource: &str, said: Said<'_>, who: Who<'_>, context: &RequestContext) {
    context.audit.count(&action, said.decision);
    let is_routine = said.decision == Decision::Allow && (action == "publish" || action == "subscribe");
    let mut event = context.audit.event(action, resource, said.decision, said.reason, who, context);
    // A line alone needs no id: there are thousands in a second, and randomness is a system call.
    if is_routine {
        return event.log();
    }
    event.id = token::<16>(&*context.audit.random);
    context.audit.keep(&event, said.missing);
    context.audit.sink.record(event);
}
