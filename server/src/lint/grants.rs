use portico_contracts::manifest::{EventDeclaration, origin_of, pattern_covers};
use portico_registry::{Grant, NamePattern};

use super::{Declared, Finding};
use crate::config::Config;

/// What the operator grants and sets, and nobody uses.
pub(super) fn check(config: &Config, file: &str, remotes: &[Declared], findings: &mut Vec<Finding>) {
    // What is hosted elsewhere is not read here, and may use anything.
    if !config.registry.manifests.is_empty() {
        return;
    }
    let grants = &config.registry.grants;
    for (pattern, grant) in grants.iter() {
        // The most specific grant counts, alone.
        let holds = |remote: &&Declared| grants.of(&remote.name).is_some_and(|own| std::ptr::eq(own, grant));
        let holders: Vec<_> = remotes.iter().filter(holds).collect();
        let key = format!("registry.grants.\"{pattern}\"");
        if holders.is_empty() && matches!(pattern, NamePattern::Exact(_)) {
            findings.push(unused(file, key, "no remote has this name"));
            continue;
        }
        for (list, value) in unused_values(grant, &holders) {
            let why = format!("no manifest asks for {value}");
            findings.push(unused(file, format!("{key}.{list}"), &why));
        }
        let in_token_mode =
            |remote: &&Declared| remote.backend.as_ref().is_some_and(|backend| backend.token_mode);
        if grant.token_mode && !holders.iter().any(in_token_mode) {
            findings.push(unused(
                file,
                format!("{key}.token_mode"),
                "no manifest asks for tokens in the browser",
            ));
        }
    }
    let quotas = config.gateway.quotas.keys().map(|id| ("quotas", id));
    let upstreams = config.gateway.upstreams.keys().map(|id| ("upstreams", id));
    // A secret that nobody needs is one that can leak.
    let credentials = config.gateway.credentials.keys().map(|id| ("credentials", id));
    for (table, id) in quotas.chain(upstreams).chain(credentials) {
        if !remotes.iter().any(|remote| remote.id() == *id) {
            findings.push(Finding {
                rule: "unused-setting",
                file: file.to_owned(),
                field: format!("gateway.{table}.\"{id}\""),
                why: "no remote has this id".to_owned(),
                fix: "Remove it, or correct the id (`scope.name`).",
            });
        }
    }
}

fn unused(file: &str, field: String, why: &str) -> Finding {
    let fix = "Remove it: what is granted and not used is what nobody looks at.";
    Finding { rule: "unused-grant", file: file.to_owned(), field, why: why.to_owned(), fix }
}

/// Values of a grant's lists that none of its holders asks for.
fn unused_values<'a>(grant: &'a Grant, holders: &[&Declared]) -> Vec<(String, &'a str)> {
    let backends = || holders.iter().filter_map(|remote| remote.backend.as_ref());
    let events =
        |pick: fn(&Declared) -> &[EventDeclaration]| holders.iter().flat_map(move |remote| pick(remote));
    let all = || events(|remote| &remote.events.publish).chain(events(|remote| &remote.events.subscribe));
    let mut unused = Vec::new();
    let mut keep = |list: &str, values: &'a [String], asks: &dyn Fn(&str) -> bool| {
        unused.extend(
            values.iter().filter(|value| !asks(value)).map(|value| (list.to_owned(), value.as_str())),
        );
    };
    keep("backend_origins", &grant.backend_origins, &|value| {
        backends().any(|backend| origin_of(&backend.url) == Some(value))
    });
    keep("audiences", &grant.audiences, &|value| backends().any(|backend| backend.audience == value));
    keep("scopes", &grant.scopes, &|value| {
        backends().any(|backend| backend.scopes.iter().any(|scope| scope == value))
    });
    keep("topics", &grant.topics, &|value| all().any(|event| event.topic == value));
    keep("publish", &grant.publish, &|value| {
        events(|remote| &remote.events.publish).any(|event| event.kind == value)
    });
    keep("subscribe", &grant.subscribe, &|value| {
        events(|remote| &remote.events.subscribe).any(|event| event.kind == value)
    });
    keep("public_routes", &grant.public_routes, &|value| {
        let mut routes = backends().flat_map(|backend| &backend.routes);
        routes.any(|route| route.public && pattern_covers(value, &route.path))
    });
    keep("direct_origins", &grant.direct_origins, &|value| {
        holders.iter().flat_map(|remote| &remote.security.direct).any(|direct| direct.origin == value)
    });
    for (directive, values) in &grant.csp {
        keep(&format!("csp.{directive}"), values, &|value| {
            holders.iter().any(|remote| {
                remote
                    .security
                    .csp
                    .get(directive)
                    .is_some_and(|asked| asked.iter().any(|asked| asked == value))
            })
        });
    }
    unused
}
