use std::sync::Arc;

use leptos::prelude::*;

use super::sign_in::sign_in_path;
use crate::components::icon;
use crate::state::{ShellState, Tone};
use crate::text::FrameText;

/// What concerns the whole page: the last action's result, and, hidden until it is so, being offline and having been
/// signed out elsewhere.
#[component]
pub(super) fn Banners(state: Arc<ShellState>, path: String) -> impl IntoView {
    let frame = FrameText::of(state.preferences.locale);
    let notice = state.notice.clone().map(|notice| {
        let is_danger = notice.tone == Tone::Danger;
        view! {
            <div class="banner" data-tone=tone_name(notice.tone) role=if is_danger { "alert" } else { "status" }>
                {icon(if notice.tone == Tone::Success { "check" } else { "info" })}
                <p class="banner-text">{notice.text}</p>
                <button class="icon-button needs-script" type="button" aria-label=frame.dismiss data-action="dismiss">
                    {icon("close")}
                </button>
            </div>
        }
    });
    view! {
        {notice}
        <div class="banner" id="offline" data-tone="warning" hidden="">
            {icon("offline")}
            <p class="banner-text">{frame.offline_banner}</p>
        </div>
        <div class="banner" id="ended" data-tone="danger" hidden="">
            {icon("lock")}
            <p class="banner-text">{frame.ended_banner}</p>
            <a class="button button-small" href=sign_in_path(&path) rel="external">{frame.sign_in_again}</a>
        </div>
    }
}

fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Success => "success",
        Tone::Info => "info",
        Tone::Danger => "danger",
    }
}
