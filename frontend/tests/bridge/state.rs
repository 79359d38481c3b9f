use std::sync::Arc;

use portico_app::{Locale, Preferences, ShellState, Theme};
use portico_contracts::{
    Application, ApplicationCard, ApplicationEvent, ApplicationRoute, Nav, Organization, Session, Style,
};
use portico_frontend::{StateError, read};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::session;

/// A remote with something in every field.
fn application() -> Application {
    let event = |kind: &str| ApplicationEvent { kind: kind.into() };
    Application {
        name: "@acme/chat".into(),
        id: "acme.chat".into(),
        version: "1.2.0-rc.1+7".into(),
        display_name: "Chat \"für\" 東京 \u{1f600}</script>".into(),
        owner: "team-chat".into(),
        entry: "/remotes/acme.chat/1.2.0/index.js".into(),
        integrity: "sha384-x".into(),
        format: "esm".into(),
        isolation: "none".into(),
        routes: vec![
            ApplicationRoute {
                path: "/chat".into(),
                title: "Chat".into(),
                mount: "ChatPage".into(),
                nav: Some(Nav { section: "Work".into(), order: -7 }),
            },
            ApplicationRoute { path: "/c".into(), title: "C".into(), mount: "mount".into(), nav: None },
        ],
        cards: vec![
            ApplicationCard {
                slot: "home:top".into(),
                mount: "Card".into(),
                title: Some("Now".into()),
                height: Some(240),
            },
            ApplicationCard { slot: "home:left".into(), mount: "mount".into(), title: None, height: None },
        ],
        styles: vec![Style { href: "/s.css".into(), integrity: "sha384-s".into() }],
        modules: vec![("/a.js".into(), "sha384-a".into()), ("/b.js".into(), "sha384-b".into())],
        direct: Vec::new(),
        token_mode: true,
        publishes: vec![event("chat.message")],
        subscribes: vec![event("chat.reply"), event("chat.typing")],
        flags: vec![("new".into(), true), ("old".into(), false)],
    }
}

/// The same without anything that may be left out.
fn bare() -> Application {
    let mut bare = application();
    bare.routes.clear();
    bare.cards.clear();
    bare.styles.clear();
    bare.modules.clear();
    bare.publishes.clear();
    bare.subscribes.clear();
    bare.flags.clear();
    Application { token_mode: false, ..bare }
}

#[wasm_bindgen_test]
fn what_the_server_writes_is_what_the_page_reads() {
    let organization = Organization { id: "globex".into(), name: "Globex".into() };
    let without_email = Session { email: None, organizations: vec![organization], ..session() };
    let states = [
        ShellState::default(),
        ShellState {
            session: Some(session()),
            applications: vec![Arc::new(application()), Arc::new(bare())],
            preferences: Preferences { theme: Theme::Dark, locale: Locale::De, ..Preferences::default() },
            shell_version: "1.4.0".into(),
            ..ShellState::default()
        },
        ShellState { session: Some(without_email), ..ShellState::default() },
    ];
    for state in states {
        let json = serde_json::to_string(&state).expect("JSON");
        assert_eq!(read(&json), Ok(state));
    }
}

#[wasm_bindgen_test]
fn a_state_that_lacks_something_is_refused_with_the_fields_name() {
    let json = serde_json::to_string(&ShellState {
        session: Some(session()),
        applications: vec![Arc::new(application())],
        ..ShellState::default()
    })
    .expect("JSON");
    for (field, broken) in [
        ("orgId", json.replace("\"orgId\":\"acme\"", "\"orgId\":7")),
        ("expiresAt", json.replace("expiresAt", "expires_at")),
        ("entry", json.replace("\"entry\":", "\"exit\":")),
        ("theme", json.replace("\"theme\":\"system\"", "\"theme\":\"blue\"")),
        ("applications", json.replace("\"applications\":[", "\"applications\":7,\"were\":[")),
    ] {
        assert_eq!(read(&broken), Err(StateError::Field(field)), "{broken}");
    }
    assert_eq!(read("{"), Err(StateError::NotJson));
}
