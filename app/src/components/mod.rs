//! What pages are made of.
#![expect(unreachable_pub, reason = "`#[component]` makes the properties of a private component public")]

mod card;
mod markup;
pub(crate) mod navigation;
mod outlet;
mod status;

#[cfg(feature = "ssr")]
use leptos::prelude::IntoView;

pub(crate) use card::Card;
pub(crate) use markup::Markup;
pub(crate) use navigation::sections;
pub(crate) use outlet::Outlet;

/// [`Markup::icon`] as an element of a view.
#[cfg(feature = "ssr")]
pub(crate) fn icon(name: &'static str) -> impl IntoView {
    Markup::new("").icon(name).element()
}

/// [`Markup::tile`] as an element of a view.
#[cfg(feature = "ssr")]
pub(crate) fn tile(id: &str, name: &str) -> impl IntoView + use<> {
    Markup::new("").tile(id, name).element()
}
