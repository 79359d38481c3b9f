//! Text from people and manifests stays text.

use std::sync::Arc;

use crate::support::markup::{render, tags};
use crate::support::*;
use portico_app::platform::PlatformPage;
use portico_app::{Notice, Outcome, RegistryProblem, ShellState, Tone};

const NAUGHTY: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "<!--<svg onload=alert(1)>",
    "</main></body><h1>gone</h1>",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;&#x3c;img&#62;&amp;quot;",
    "\u{202e}\u{2028}\u{feff}\u{0}\r\n\t<b",
    "javascript:alert(1)",
];

/// Every piece of text a state carries, replaced.
fn poisoned(mut state: ShellState, text: &str) -> ShellState {
    if let Some(session) = &mut state.session {
        session.name = text.into();
        session.email = Some(text.into());
        for organization in &mut session.organizations {
            organization.name = text.into();
        }
    }
    for application in state.applications.iter_mut().map(Arc::make_mut) {
        for field in [&mut application.display_name, &mut application.owner, &mut application.version] {
            *field = text.into();
        }
        for route in &mut application.routes {
            route.title = text.into();
            if let Some(nav) = &mut route.nav {
                nav.section = text.into();
            }
        }
        for card in &mut application.cards {
            card.title = Some(text.into());
        }
    }
    if let Some(Outcome::Error { title, detail, trace_id, .. }) = &mut state.outcome {
        for field in [title, detail, trace_id] {
            *field = text.into();
        }
    }
    if let Some(page) = &mut state.platform {
        poison(page, text);
    }
    state.notice = Some(Notice { tone: Tone::Info, text: text.into() });
    state.registry_problems =
        vec![RegistryProblem { source: text.into(), field: text.into(), reason: text.into() }];
    state
}

/// Every piece of text that comes from people, on a page of the portal's own.
fn poison(page: &mut PlatformPage, text: &str) {
    let poison_all = |fields: Vec<&mut String>| fields.into_iter().for_each(|field| *field = text.into());
    match page {
        PlatformPage::Account(page) => {
            page.provider = text.into();
            page.organizations
                .iter_mut()
                .for_each(|o| poison_all(vec![&mut o.name, &mut o.id, &mut o.roles[0]]));
            // A browser that does not say what it is stays nameless.
            let named = page.devices.iter_mut().filter(|device| !device.name.is_empty());
            named.for_each(|device| poison_all(vec![&mut device.name, &mut device.handle]));
        }
        PlatformPage::Members(page) => {
            for member in &mut page.members {
                poison_all(vec![&mut member.name, &mut member.roles[0], &mut member.id]);
                member.email = Some(text.into());
            }
            for invitation in &mut page.invitations {
                poison_all(vec![&mut invitation.email, &mut invitation.roles[0], &mut invitation.invited_by]);
            }
            page.roles.iter_mut().for_each(|role| poison_all(vec![&mut role.description]));
            if !page.typed_email.is_empty() {
                page.typed_email = text.into();
            }
        }
        PlatformPage::Invitation(page) => {
            let names = vec![&mut page.organization, &mut page.inviter, &mut page.email, &mut page.roles[0]];
            poison_all(names);
            page.token = text.into();
        }
        PlatformPage::Health(page) => {
            page.parts
                .iter_mut()
                .filter(|part| !part.reason.is_empty())
                .for_each(|part| part.reason = text.into());
            for upstream in &mut page.upstreams {
                poison_all(vec![&mut upstream.title, &mut upstream.remote, &mut upstream.url]);
                upstream.last_error.iter_mut().for_each(|(_, why)| *why = text.into());
                upstream.endpoints.iter_mut().for_each(|endpoint| endpoint.address = text.into());
            }
            page.failures.iter_mut().for_each(|one| poison_all(vec![&mut one.route, &mut one.trace_id]));
            page.limits.iter_mut().for_each(|limit| limit.name = text.into());
        }
        PlatformPage::Decisions(page) => {
            for row in &mut page.rows {
                let own = vec![&mut row.who, &mut row.action, &mut row.resource, &mut row.reason];
                poison_all(own);
                row.missing.iter_mut().for_each(|name| *name = text.into());
                row.trace_id = text.into();
            }
            if !page.trace.is_empty() {
                page.trace = text.into();
            }
        }
    }
}

/// Tag and attribute names: what a page is, whatever it says.
fn shape(state: ShellState, path: &str) -> Vec<(String, Vec<String>)> {
    let html = render(state, path);
    let names = |attributes: Vec<(String, String)>| attributes.into_iter().map(|(name, _)| name).collect();
    tags(&html).into_iter().map(|tag| (tag.name, names(tag.attributes))).collect()
}

#[test]
fn case_61_no_text_changes_what_a_page_is_made_of() {
    for (name, state, path) in every_page() {
        let expected = shape(poisoned(state.clone(), "harmless"), path);
        for naughty in NAUGHTY {
            assert_eq!(shape(poisoned(state.clone(), naughty), path), expected, "{name} with {naughty:?}");
        }
    }
}

#[test]
fn case_61_a_route_that_is_not_a_path_becomes_no_link() {
    for path in ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://evil.example", ""] {
        let mut state = member();
        for application in state.applications.iter_mut().map(Arc::make_mut) {
            application.routes[0].path = path.into();
        }
        let html = render(state, "/");
        for tag in tags(&html) {
            assert!(path.is_empty() || tag.get("href") != Some(path), "{path}: {tag:?}");
        }
    }
}

#[test]
fn case_61_the_requested_address_is_only_ever_a_value() {
    for naughty in NAUGHTY {
        let path = format!("/todos?q={naughty}");
        for state in [signed_out(), state(erin(), member_applications()), with_outcome(member(), failed())] {
            assert_eq!(shape(state.clone(), &path), shape(state, "/todos?q=harmless"), "{naughty:?}");
        }
    }
}
