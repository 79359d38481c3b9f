use std::sync::Arc;

use leptos::prelude::*;
use leptos::tachys::view::RenderHtml;

use crate::frame::App;
use crate::state::ShellState;

/// The icons, drawn once per page on a 20-unit grid and used by reference.
const SPRITE: &str = include_str!("components/icons.svg");

/// Renders what stands directly inside `<body>`. Contains no inline script or style.
pub fn render_body(state: Arc<ShellState>, path_and_query: &str) -> String {
    let owner = Owner::new();
    let path = path_and_query.to_owned();
    let mut html = owner.with(|| view! { <App state path/> }.to_html());
    html.push_str(SPRITE);
    html
}
