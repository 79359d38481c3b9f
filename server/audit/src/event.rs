use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The CloudEvents `type` of every audit event.
pub const EVENT_TYPE: &str = "portico.audit";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It was done.
    Allow,
    /// It was refused.
    Deny,
    /// It was not done, since nobody could decide.
    Unavailable,
}

impl Decision {
    /// As it stands in lines and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unavailable => "unavailable",
        }
    }
}

/// One decision that matters. `docs/audit.md` lists the actions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Unique: whoever gets the event twice knows it by this.
    #[serde(skip)]
    pub id: String,
    /// When it was decided.
    #[serde(skip)]
    pub time: OffsetDateTime,
    /// W3C Trace Context's trace id of the request that caused it.
    pub trace_id: String,
    /// `login`, `logout`, `switch-organization`, `exchange-token`, …
    pub action: Cow<'static, str>,
    /// What it was about, such as `remote acme.todos`; empty where the action says it all.
    pub resource: String,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// Who: the subject at its issuer; empty before anybody is known.
    pub subject: String,
    /// Whose subject that is.
    pub issuer: String,
    /// For which organization; empty where there is none yet.
    pub organization: String,
    /// From where, as the portal sees it.
    pub client_address: String,
}

impl AuditEvent {
    /// Writes the one structured line.
    pub fn log(&self) {
        AuditLine {
            trace_id: &self.trace_id,
            id: &self.id,
            action: format_args!("{}", self.action),
            resource: format_args!("{}", self.resource),
            decision: self.decision,
            reason: &self.reason,
            subject: &self.subject,
            issuer: &self.issuer,
            organization: &self.organization,
            client_address: format_args!("{}", self.client_address),
        }
        .log();
    }

    /// The event as CloudEvents 1.0 in structured JSON mode. `source` is the portal's origin.
    pub fn cloud_event(&self, source: &str) -> serde_json::Value {
        let mut event = serde_json::json!({
            "specversion": "1.0",
            "id": self.id,
            "source": source,
            "type": EVENT_TYPE,
            "time": self.time.format(&Rfc3339).unwrap_or_default(),
            "datacontenttype": "application/json",
            "data": self,
        });
        // An attribute must not be empty (CloudEvents 1.0, section 3).
        if !self.organization.is_empty() {
            event["orgid"] = self.organization.as_str().into();
        }
        event
    }
}

/// A decision as its one structured line, for what happens thousands of times in a second and is kept nowhere else: nothing
/// is copied. The fields are those of [`AuditEvent`].
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is described at the field of that name in AuditEvent")]
pub struct AuditLine<'a> {
    pub trace_id: &'a str,
    pub id: &'a str,
    pub action: fmt::Arguments<'a>,
    pub resource: fmt::Arguments<'a>,
    pub decision: Decision,
    pub reason: &'a str,
    pub subject: &'a str,
    pub issuer: &'a str,
    pub organization: &'a str,
    pub client_address: fmt::Arguments<'a>,
}

impl AuditLine<'_> {
    /// Writes it.
    pub fn log(&self) {
        tracing::info!(
            target: "audit",
            trace_id = self.trace_id,
            audit.id = self.id,
            audit.action = %self.action,
            audit.resource = %self.resource,
            audit.decision = self.decision.as_str(),
            audit.reason = self.reason,
            user.id = self.subject,
            user.issuer = self.issuer,
            org.id = self.organization,
            client.address = %self.client_address,
            "audit"
        );
    }
}
