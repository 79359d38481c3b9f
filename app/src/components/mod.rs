//! What pages are made of.
#![expect(unreachable_pub, reason = "`#[component]` makes the properties of a private component public")]

mod card;
mod failure;
mod icon;
pub(crate) mod navigation;
mod outlet;
mod skeleton;
mod tile;

use leptos::prelude::window;

pub(crate) use card::Card;
pub(crate) use icon::icon;
pub(crate) use navigation::sections;
pub(crate) use outlet::Outlet;
pub(crate) use tile::tile;

/// Loads the document again.
fn reload() {
    // A navigation that the browser refuses leaves the person where they are.
    let _ = window().location().reload();
}
