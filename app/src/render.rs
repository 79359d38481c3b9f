use std::sync::Arc;

use leptos::prelude::*;
use leptos::tachys::view::RenderHtml;

use crate::app::App;
use crate::components::icon::SPRITE;
use crate::state::ShellState;

/// Renders what stands directly inside `<body>`: no text may come before it, since hydration starts at the first child.
/// The icons' sprite follows the hydrated part. Contains no inline script or style.
pub fn render_body(state: Arc<ShellState>, path_and_query: &str) -> String {
    let owner = Owner::new();
    let path = path_and_query.to_owned();
    let mut html = owner.with(|| view! { <App state path/> }.to_html());
    html.push_str(SPRITE);
    html
}
