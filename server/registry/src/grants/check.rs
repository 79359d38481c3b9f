use portico_contracts::manifest::{BUNDLE_BUDGET, Backend, EventDeclaration, origin_of, pattern_covers};
use portico_contracts::{FieldProblem, Manifest};

use super::Grant;

/// What `manifest` asks for beyond its grant; without a grant, anything that needs one.
pub(crate) fn exceeding(manifest: &Manifest, grant: Option<&Grant>) -> Vec<FieldProblem> {
    let nothing = Grant::default();
    let grant = grant.unwrap_or(&nothing);
    let mut beyond = Vec::new();
    let largest = grant.max_bundle_size.unwrap_or(BUNDLE_BUDGET);
    if let Some(size) = manifest.frontend.bundle_size.filter(|size| *size > largest) {
        let reason = format!("weighs {size} bytes of script, granted are {largest}: see `max_bundle_size`");
        beyond.push(FieldProblem { field: "/frontend/bundleSize".to_owned(), reason });
    }
    if let Some(backend) = &manifest.backend {
        check_backend(backend, grant, &mut beyond);
    }
    check_events("publish", &manifest.events.publish, &grant.publish, grant, &mut beyond);
    check_events("subscribe", &manifest.events.subscribe, &grant.subscribe, grant, &mut beyond);
    for (directive, sources) in &manifest.security.csp {
        let granted = grant.csp.get(directive).map_or(&[][..], Vec::as_slice);
        for (i, source) in sources.iter().enumerate() {
            within(&format!("/security/csp/{directive}/{i}"), source, granted, &mut beyond);
        }
    }
    for (i, direct) in manifest.security.direct.iter().enumerate() {
        within(&format!("/security/direct/{i}/origin"), &direct.origin, &grant.direct_origins, &mut beyond);
    }
    beyond
}

fn check_backend(backend: &Backend, grant: &Grant, beyond: &mut Vec<FieldProblem>) {
    within("/backend/url", origin_of(&backend.url).unwrap_or(&backend.url), &grant.backend_origins, beyond);
    within("/backend/audience", &backend.audience, &grant.audiences, beyond);
    for (i, scope) in backend.scopes.iter().enumerate() {
        within(&format!("/backend/scopes/{i}"), scope, &grant.scopes, beyond);
    }
    for (i, route) in backend.routes.iter().enumerate().filter(|(_, route)| route.public) {
        if !grant.public_routes.iter().any(|granted| pattern_covers(granted, &route.path)) {
            let granted = listed(&grant.public_routes);
            let reason = format!(
                "opens {} to people without a session, which is beyond the operator's `public_routes`: {granted}",
                route.path
            );
            beyond.push(FieldProblem { field: format!("/backend/routes/{i}/public"), reason });
        }
    }
    if backend.token_mode && !grant.token_mode {
        let reason = "asks for tokens in the browser, which is not granted: see `token_mode`".to_owned();
        beyond.push(FieldProblem { field: "/backend/tokenMode".to_owned(), reason });
    }
}

fn check_events(
    list: &str,
    events: &[EventDeclaration],
    types: &[String],
    grant: &Grant,
    beyond: &mut Vec<FieldProblem>,
) {
    for (i, event) in events.iter().enumerate() {
        within(&format!("/events/{list}/{i}/type"), &event.kind, types, beyond);
        within(&format!("/events/{list}/{i}/topic"), &event.topic, &grant.topics, beyond);
    }
}

fn within(field: &str, asked: &str, granted: &[String], beyond: &mut Vec<FieldProblem>) {
    if !granted.iter().any(|granted| granted == asked) {
        let granted = listed(granted);
        let reason = format!("asks for {asked}, which is beyond the operator's grant: {granted}");
        beyond.push(FieldProblem { field: field.to_owned(), reason });
    }
}

fn listed(granted: &[String]) -> String {
    if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") }
}
