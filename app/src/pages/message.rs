use leptos::prelude::*;

use crate::components::icon;
use crate::state::{Outcome, ShellState};
use crate::text::{FrameText, fill};

/// The remote exists, and this session may not open it.
pub(super) fn forbidden(state: &ShellState) -> impl IntoView + use<> {
    let text = FrameText::of(state.preferences.locale);
    let lead = fill(text.forbidden_lead, state.organization_name());
    message(
        "lock",
        "403".to_owned(),
        text.forbidden_title.to_owned(),
        view! {
            <p class="message-lead">{lead}</p>
            <p class="message-lead">{text.forbidden_help}</p>
            <p class="message-actions"><a class="button button-primary" href="/">{text.go_home}</a></p>
        },
    )
}

/// Nothing is at this path.
pub(super) fn not_found(state: &ShellState) -> impl IntoView + use<> {
    let text = FrameText::of(state.preferences.locale);
    message(
        "compass",
        "404".to_owned(),
        text.not_found_title.to_owned(),
        view! {
            <p class="message-lead">{text.not_found_lead}</p>
            <p class="message-actions"><a class="button button-primary" href="/">{text.go_home}</a></p>
        },
    )
}

/// The request failed: what, what to do, and what to mention when reporting it.
pub(super) fn error(state: &ShellState, status: u16, path: &str) -> impl IntoView + use<> {
    let text = FrameText::of(state.preferences.locale);
    let (title, detail, trace_id) = match &state.outcome {
        Some(Outcome::Error { title, detail, trace_id, .. }) => {
            (title.as_str(), detail.as_str(), trace_id.as_str())
        }
        _ => ("", "", ""),
    };
    let or =
        |value: &str, fallback: &str| if value.is_empty() { fallback.to_owned() } else { value.to_owned() };
    let lead = or(detail, text.error_lead);
    let trace = (!trace_id.is_empty()).then(|| {
        view! { <p class="message-trace">{text.trace_id}" "<code>{trace_id.to_owned()}</code></p> }
    });
    let path = path.to_owned();
    message(
        "alert",
        status.to_string(),
        or(title, text.error_title),
        view! {
            <p class="message-lead">{lead}</p>
            <p class="message-actions">
                <a class="button button-primary" href=path rel="external">{text.try_again}</a>
                <a class="button" href="/" rel="external">{text.go_home}</a>
            </p>
            {trace}
        },
    )
}

fn message(symbol: &'static str, code: String, title: String, body: impl IntoView) -> impl IntoView {
    view! {
        <div class="message">
            <div class="message-symbol">{icon(symbol)}</div>
            <p class="message-code">{code}</p>
            <h1 class="message-title" tabindex="-1">{title}</h1>
            {body}
        </div>
    }
}
