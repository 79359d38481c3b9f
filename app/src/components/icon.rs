use leptos::prelude::IntoView;
use leptos::tachys::html::InertElement;

/// An icon of the sprite `icons.svg`. Decorative: the words beside it, or the control's label, carry the meaning.
pub(crate) fn icon(name: &'static str) -> impl IntoView {
    // One type for every icon: each `view!` would be code of its own in the download.
    InertElement::new(
        [
            "<svg class=\"icon\" width=\"20\" height=\"20\" aria-hidden=\"true\"><use href=\"#i-",
            name,
            "\"></use></svg>",
        ]
        .concat(),
    )
}
