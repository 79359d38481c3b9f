use portico_contracts::manifest::{BackendRoute, Method, pattern_covers};

use super::{Declared, Finding};

/// Methods that change something: a route with all of them, and reading, is open in every way.
const EVERY: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

/// What a remote's routes add, or do not.
pub(super) fn check(remote: &Declared, findings: &mut Vec<Finding>) {
    let routes = remote.backend.as_ref().map_or(&[][..], |backend| &backend.routes);
    for (i, route) in routes.iter().enumerate() {
        alone(remote, i, route, findings);
        for (j, wider) in routes.iter().enumerate().filter(|(j, _)| *j != i) {
            if pattern_covers(&wider.path, &route.path) && wider.path != route.path {
                beside(remote, (i, route), (j, wider), findings);
            }
        }
    }
}

fn alone(remote: &Declared, i: usize, route: &BackendRoute, findings: &mut Vec<Finding>) {
    let every = EVERY.iter().all(|method| route.methods.contains(method));
    if route.path == "/**" && every && asks_for_nothing(route) {
        let why = "any path by any method for anyone who is signed in: the portal adds a hop and no policy";
        let fix = "Declare the calls that the remote makes, with the permissions they need, or do without the proxy.";
        findings.push(remote.finding("pass-through", format!("/backend/routes/{i}"), why, fix));
    }
    if route.public && route.path.ends_with("**") {
        let why =
            format!("{} opens whatever the service puts below it, now or later, to everyone", route.path);
        let fix = "Name the paths that everyone may call.";
        findings.push(remote.finding("public-wildcard", format!("/backend/routes/{i}/path"), why, fix));
    }
}

/// A route and a wider one. The narrower answers for its own methods, the wider for all others.
fn beside(
    remote: &Declared,
    (i, route): (usize, &BackendRoute),
    (j, wider): (usize, &BackendRoute),
    findings: &mut Vec<Finding>,
) {
    let field = format!("/backend/routes/{i}");
    let covered = route.methods.iter().all(|method| wider.methods.contains(method));
    if covered && is_same_policy(route, wider) {
        let why = format!("{} does the same for {} (/backend/routes/{j})", wider.path, route.path);
        findings.push(remote.finding("redundant-route", &*field, why, "Remove it."));
    }
    let answered = |method: &Method| {
        let routes = remote.backend.as_ref().map_or(&[][..], |backend| &backend.routes);
        routes.iter().any(|other| other.path == route.path && other.methods.contains(method))
    };
    let falling: Vec<_> =
        wider.methods.iter().filter(|method| !answered(method)).map(|method| method.as_str()).collect();
    let asks_for_less = route.permissions.iter().any(|permission| !wider.permissions.contains(permission))
        || route.conditions.iter().any(|condition| !wider.conditions.contains(condition));
    // Reading is often open where writing is not; what nobody thought of is a change that is easier than reading.
    let changes = falling.iter().any(|method| !matches!(*method, "GET" | "HEAD" | "OPTIONS"));
    if asks_for_less && changes {
        let why = format!(
            "{} to {} is answered by {} (/backend/routes/{j}), which asks for less",
            falling.join(", "),
            route.path,
            wider.path
        );
        let fix = "Declare these methods here as well, or narrow the wider route.";
        findings.push(remote.finding("falls-through", field, why, fix));
    }
}

fn asks_for_nothing(route: &BackendRoute) -> bool {
    route.permissions.is_empty() && route.conditions.is_empty() && !route.public
}

fn is_same_policy(one: &BackendRoute, other: &BackendRoute) -> bool {
    let sorted = |route: &BackendRoute| {
        let mut permissions = route.permissions.clone();
        permissions.sort();
        permissions
    };
    one.public == other.public && sorted(one) == sorted(other) && one.conditions == other.conditions
}
