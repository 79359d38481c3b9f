//! The parts of the frame, and what pages are made of.
#![expect(unreachable_pub, reason = "`#[component]` makes the properties of a private component public")]

mod account;
mod banners;
mod card;
mod failure;
pub(crate) mod icon;
mod navigation;
mod organizations;
mod outlet;
mod palette;
mod sidebar;
mod skeleton;
mod theme_menu;
mod tile;
mod topbar;

pub(crate) use banners::{Banners, sign_in_path};
pub(crate) use card::Card;
pub(crate) use icon::icon;
pub(crate) use navigation::{NavigationItem, sections};
pub(crate) use outlet::Outlet;
pub(crate) use palette::Palette;
pub(crate) use sidebar::Sidebar;
pub(crate) use tile::tile;
pub(crate) use topbar::Topbar;
