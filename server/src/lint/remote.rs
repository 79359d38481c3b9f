use super::{Declared, Finding};

/// What stands for "nobody" in a field that must not be empty.
const NOBODY: [&str; 9] = ["", "-", "?", "n/a", "nobody", "none", "tbd", "todo", "unknown"];

/// Half a minute: whoever waits for longer has gone, and their calls have not.
const LONG_MS: u32 = 30_000;

/// What concerns the remote as a whole.
pub(super) fn check(remote: &Declared, findings: &mut Vec<Finding>) {
    if NOBODY.contains(&remote.owner.trim().to_lowercase().as_str()) {
        let why = format!("`owner` is {:?}: nobody answers for the remote when it breaks", remote.owner);
        findings.push(remote.finding("no-owner", "/owner", why, "Name the team that does."));
    }
    for (i, origin) in remote.security.csp.get("connect-src").into_iter().flatten().enumerate() {
        let own_service = remote
            .backend
            .as_ref()
            .is_some_and(|backend| backend.token_mode && backend.url.starts_with(origin.as_str()));
        // In token mode the browser calls the remote's own service, and that is granted as such.
        if !own_service {
            let why = format!("lets the browser call {origin} past the portal, and does not say why");
            let fix = "Declare it in `security.direct`, with the reason, or call it through the portal.";
            findings.push(remote.finding(
                "direct-without-reason",
                format!("/security/csp/connect-src/{i}"),
                why,
                fix,
            ));
        }
    }
    if let Some(backend) = remote.backend.as_ref().filter(|backend| backend.timeout_ms > LONG_MS) {
        let why = format!("callers wait for up to {} s, and their calls pile up", backend.timeout_ms / 1_000);
        let fix = "Answer within half a minute, if need be with a job whose state can be asked for.";
        findings.push(remote.finding("long-timeout", "/backend/timeoutMs", why, fix));
    }
}
