use leptos::prelude::*;
use leptos::svg;

/// The icons, drawn once per page on a 20-unit grid and used by reference. Stands after the hydrated markup.
pub(crate) const SPRITE: &str = include_str!("icons.svg");

/// An icon of the sprite. Decorative: the words beside it, or the control's label, carry the meaning.
pub(crate) fn icon(name: &'static str) -> impl IntoView {
    svg::svg()
        .class("icon")
        .attr("width", "20")
        .attr("height", "20")
        .attr("aria-hidden", "true")
        .child(svg::r#use().attr("href", name))
}
