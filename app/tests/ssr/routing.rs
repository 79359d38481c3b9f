//! Which page a path shows, with which status and title.

use std::sync::Arc;

use crate::support::*;
use portico_app::routing::{Page, resolve};
use portico_app::{Locale, Outcome, Theme};

#[test]
fn a_remote_answers_for_its_path_and_everything_below_it() {
    let state = member();
    let todos = Page::Remote { application: 1, route: 0 };
    for path in ["/todos", "/todos/", "/todos/7", "/todos?done=1", "/todos/7?x=/chat#top"] {
        assert_eq!(resolve(path, &state), todos, "{path}");
    }
    for path in ["/todosx", "/todo", "/TODOS", "/x/todos", "//todos", "/%74odos"] {
        assert_eq!(resolve(path, &state), Page::NotFound, "{path}");
    }
}

#[test]
fn the_most_specific_route_wins() {
    let mut state = member();
    Arc::make_mut(&mut state.applications[0]).routes[0].path = "/todos/archive".into();
    assert_eq!(resolve("/todos/archive/1", &state), Page::Remote { application: 0, route: 0 });
    assert_eq!(resolve("/todos/archived", &state), Page::Remote { application: 1, route: 0 });
}

#[test]
fn no_remote_takes_the_home_page() {
    let mut state = member();
    Arc::make_mut(&mut state.applications[0]).routes[0].path = "/".into();
    assert_eq!(resolve("/", &state), Page::Home);
}

#[test]
fn every_page_has_its_status() {
    let status = |state, path| resolve(path, &state).status();
    assert_eq!(status(member(), "/"), 200);
    assert_eq!(status(member(), "/todos"), 200);
    assert_eq!(status(member(), "/nowhere"), 404);
    assert_eq!(status(with_outcome(member(), Outcome::Forbidden), "/org-admin"), 403);
    assert_eq!(status(with_outcome(member(), failed()), "/todos"), 503);
    assert_eq!(status(signed_out(), "/"), 200);
    assert_eq!(status(signed_out(), "/todos"), 401);
    assert_eq!(status(with_outcome(signed_out(), Outcome::SignedOut), "/todos"), 200);
}

#[test]
fn without_a_session_a_forbidden_page_looks_like_any_other() {
    let page = resolve("/org-admin", &with_outcome(signed_out(), Outcome::Forbidden));
    assert_eq!(page, Page::SignedOut { asked: true });
}

#[test]
fn titles_name_the_page_first_in_the_persons_language() {
    let title = |state: &_, path| resolve(path, state).title(state);
    let english = member();
    assert_eq!(title(&english, "/todos/7"), "Todos · Portico");
    assert_eq!(title(&english, "/"), "Home · Portico");
    let german = preferring(member(), Theme::System, Locale::De);
    assert_eq!(title(&german, "/"), "Start · Portico");
    assert_eq!(title(&with_outcome(german, Outcome::NotFound), "/x"), "Hier ist nichts · Portico");
}

#[test]
fn what_the_browser_needs_survives_the_way_there_and_the_rest_stays_behind() {
    for (name, state, _) in every_page() {
        let json = serde_json::to_string(&state).expect("the state is serialisable");
        let back: portico_app::ShellState = serde_json::from_str(&json).expect("and readable");
        let carried = |state: &portico_app::ShellState| {
            (
                state.session.clone(),
                state.applications.clone(),
                state.preferences,
                state.shell_version.clone(),
            )
        };
        assert_eq!(carried(&back), carried(&state), "{name}");
        assert_eq!((back.outcome, back.notice, back.registry_problems), (None, None, vec![]), "{name}");
    }
}
