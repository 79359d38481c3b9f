use leptos::either::Either;
use leptos::prelude::*;

use crate::components::icon;
use crate::frame::registry_problems;
use crate::state::ShellState;
use crate::text::{FrameText, Text};

/// `remotes/hello/dist/index.js`: a module that mounts, as short as it gets.
const MODULE: &str = r#"// remotes/hello/dist/index.js
export function mount(el, ctx) {
  el.textContent = `Hello, ${ctx.user.name}`;
  return () => el.replaceChildren();
}"#;

/// `remotes/hello/remote.json`: the smallest manifest that shows up in the navigation.
const MANIFEST: &str = r#"{
  "name": "@acme/hello", "version": "1.0.0",
  "displayName": "Hello", "owner": "team-hello", "shell": "^1.0.0",
  "frontend": {
    "entry": "index.js",
    "routes": [{ "path": "/hello", "title": "Hello", "nav": { "section": "Work" } }]
  }
}"#;

/// The tool that completes the manifest.
const PUBLISH: &str = "cd remotes/hello\nnode ../../contracts/npm/bin/portico-manifest.mjs";

/// A portal without remotes teaches how to mount the first one; people who cannot do that are told whom to ask.
pub(super) fn page(state: &ShellState) -> impl IntoView + use<> {
    let text = FrameText::of(state.preferences.locale);
    if !state.administers {
        return Either::Left(view! {
            <div class="message">
                <div class="message-symbol">{icon("compass")}</div>
                <h1 class="message-title" tabindex="-1">{Text::of(state.preferences.locale).home}</h1>
                <p class="message-lead">{text.empty_member}</p>
            </div>
        });
    }
    let steps = [
        (text.empty_step_build_title, text.empty_step_build, MODULE),
        (text.empty_step_publish_title, text.empty_step_publish, MANIFEST),
        (text.empty_step_open_title, text.empty_step_open, PUBLISH),
    ];
    let steps = steps
        .into_iter()
        .map(|(title, body, code)| {
            view! {
                <li class="step">
                    <h2 class="step-title">{title}</h2>
                    <p class="step-text">{body}</p>
                    <pre class="code" tabindex="0"><code>{code}</code></pre>
                </li>
            }
        })
        .collect_view();
    Either::Right(view! {
        <div class="page page-narrow">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{text.empty_title}</h1>
                <p class="page-lead">{text.empty_lead}</p>
            </header>
            <ol class="steps">{steps}</ol>
            {registry_problems(state)}
        </div>
    })
}
