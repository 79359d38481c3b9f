use leptos::prelude::*;

/// What stands in a card until its remote is there: the height it declared. The spacer is an image with a height
/// attribute, because the page's policy forbids style attributes and the height must be known before any script runs.
pub(super) fn card_skeleton(height: u32) -> impl IntoView {
    view! {
        <svg class="spacer" width="1" height=height.to_string() aria-hidden="true"></svg>
        <div class="skeleton" aria-hidden="true"></div>
    }
}

/// What stands on a page until its remote is there.
pub(super) fn page_skeleton() -> impl IntoView {
    view! { <div class="skeleton skeleton-page" aria-hidden="true"></div> }
}
