//! Renders every state of the shell as a static page, to look at while working on it:
//! `cargo run --release -p portico-app --features ssr --example gallery`, then open `target/gallery/index.html`.
#![expect(clippy::print_stdout, reason = "a command line tool says what it did")]

#[path = "../tests/ssr/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::{fs, io, path::Path};

use portico_app::platform::InvitationView;
use portico_app::routing::resolve;
use portico_app::{Locale, Navigation, Outcome, ShellState, Theme, render_body};

fn main() -> io::Result<()> {
    let directory = Path::new("target/gallery");
    fs::create_dir_all(directory)?;
    let mut index = String::from("<!doctype html><meta charset=utf-8><title>Portico gallery</title><ul>");
    for (name, state, path) in states() {
        for theme in [Theme::Light, Theme::Dark] {
            let state = support::preferring(state.clone(), theme, state.preferences.locale);
            let file = format!("{name}-{}.html", theme.as_str());
            fs::write(directory.join(&file), document(state, path))?;
            index.push_str(&format!("<li><a href={file}>{file}</a>"));
        }
    }
    fs::write(directory.join("index.html"), index)?;
    println!("Wrote {}", directory.join("index.html").display());
    Ok(())
}

fn states() -> Vec<(&'static str, ShellState, &'static str)> {
    let mut collapsed = support::admin();
    collapsed.preferences.navigation = Navigation::Collapsed;
    vec![
        ("home", support::admin(), "/"),
        ("home-de", support::preferring(support::admin(), Theme::Light, Locale::De), "/"),
        ("collapsed", collapsed, "/todos"),
        ("remote", support::member(), "/todos"),
        ("crowded", support::crowded(), "/remote-30"),
        ("crowded-home", support::crowded(), "/"),
        ("empty", support::empty(), "/"),
        ("empty-member", support::state(support::bob(), vec![]), "/"),
        ("forbidden", support::with_outcome(support::member(), Outcome::Forbidden), "/org-admin"),
        ("not-found", support::with_outcome(support::member(), Outcome::NotFound), "/nowhere"),
        ("error", support::with_outcome(support::member(), support::failed()), "/todos"),
        ("error-bare", support::with_outcome(support::signed_out(), support::failed()), "/"),
        ("account", support::account(), "/account"),
        ("members", support::members(), "/members"),
        ("members-de", support::preferring(support::members(), Theme::Light, Locale::De), "/members"),
        ("members-alone", support::alone(), "/members"),
        ("decisions", support::decisions(), "/decisions"),
        ("decisions-unknown", support::no_decisions("4bf9"), "/decisions"),
        ("invitation", support::invitation(support::signed_out(), InvitationView::SignIn), "/invitations/x"),
        (
            "invitation-accept",
            support::invitation(support::member(), InvitationView::Accept),
            "/invitations/x",
        ),
        (
            "invitation-another",
            support::invitation(support::member(), InvitationView::Another),
            "/invitations/x",
        ),
        ("signed-out", support::signed_out(), "/"),
        ("signed-out-asked", support::signed_out(), "/todos"),
    ]
}

fn document(state: ShellState, path: &str) -> String {
    let title = resolve(path, &state).title(&state);
    let (locale, theme) = (state.preferences.locale.as_str(), state.preferences.theme.as_str());
    let body = render_body(Arc::new(state), path);
    format!(
        "<!doctype html><html lang={locale} data-theme={theme}><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>{title}</title>\
         <link rel=stylesheet href=../../style/main.css><body>{body}</body></html>"
    )
}
