use std::sync::Arc;

use leptos::prelude::*;

use crate::components::icon;
use crate::state::ShellState;
use crate::text::FrameText;

/// The dialog that searches every page and command (Ctrl-K): a combobox with a list box, after the ARIA Authoring
/// Practices. `browser` fills and runs it.
#[component]
pub(super) fn Palette(state: Arc<ShellState>) -> impl IntoView {
    let frame = FrameText::of(state.preferences.locale);
    view! {
        <dialog class="palette" id="palette" aria-label=frame.search>
            <div class="palette-box">
                <div class="palette-field">
                    {icon("search")}
                    <input
                        class="palette-input"
                        id="palette-input"
                        type="text"
                        role="combobox"
                        autocomplete="off"
                        spellcheck="false"
                        aria-expanded="true"
                        aria-controls="palette-results"
                        aria-autocomplete="list"
                        aria-label=frame.search
                        placeholder=frame.search_placeholder
                    />
                </div>
                <ul class="palette-results" id="palette-results" role="listbox" aria-label=frame.search_results></ul>
                <p class="palette-none" id="palette-none" role="status" hidden="">{frame.search_none}</p>
                <p class="palette-foot" aria-hidden="true">
                    <span><kbd>"↑"</kbd><kbd>"↓"</kbd>{frame.search_hint_move}</span>
                    <span><kbd>"↵"</kbd>{frame.search_hint_open}</span>
                    <span><kbd>"Esc"</kbd>{frame.search_hint_close}</span>
                </p>
            </div>
        </dialog>
    }
}
