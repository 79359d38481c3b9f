//! Text from people and manifests stays text.

use std::sync::Arc;

use crate::support::markup::{render, tags};
use crate::support::*;
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
    state.notice = Some(Notice { tone: Tone::Info, text: text.into() });
    state.registry_problems =
        vec![RegistryProblem { source: text.into(), field: text.into(), reason: text.into() }];
    state
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
