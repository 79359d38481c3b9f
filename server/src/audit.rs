//! One structured line for every decision that matters. Never a token, a cookie or a body.

use portico_identity::provider::LogoutToken;
use portico_identity::session::SessionState;

use crate::http::{Authenticated, RequestContext};

/// A session began, ended or changed.
pub fn session(action: &'static str, context: &RequestContext, state: &SessionState) {
    tracing::info!(
        target: "audit",
        trace_id = %context.trace_id,
        audit.action = action,
        audit.decision = "allow",
        user.id = %state.person.sub,
        user.issuer = %state.person.issuer,
        org.id = %state.org_id,
        client.address = %context.client_ip,
        "audit"
    );
}

/// The provider ended sessions (Back-Channel Logout 1.0).
pub fn backchannel_logout(context: &RequestContext, token: &LogoutToken, sessions: usize) {
    tracing::info!(
        target: "audit",
        trace_id = %context.trace_id,
        audit.action = "backchannel-logout",
        audit.decision = "allow",
        audit.sessions = sessions,
        user.id = token.sub.as_deref().unwrap_or_default(),
        user.issuer = %token.issuer,
        client.address = %context.client_ip,
        "audit"
    );
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
    tracing::info!(
        target: "audit",
        trace_id = %context.trace_id,
        audit.action = action,
        audit.resource = resource,
        audit.decision = if allowed { "allow" } else { "deny" },
        audit.reason = reason,
        user.id = %session.state.person.sub,
        user.issuer = %session.state.person.issuer,
        org.id = %session.state.org_id,
        "audit"
    );
}
