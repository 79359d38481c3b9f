use leptos::prelude::IntoView;
use leptos::tachys::html::InertElement;

/// How many tints the style sheet has.
const TINTS: u32 = 8;

/// A remote's mark: the first letter of its name, on a tint that stays the same wherever the remote shows up.
pub(crate) fn tile(id: &str, name: &str) -> impl IntoView + use<> {
    let mut html = String::from("<span class=\"tile tint-");
    html.push(char::from(b'0' + tint(id)));
    html.push_str("\" aria-hidden=\"true\">");
    // Alphanumeric characters need no escaping.
    html.extend(name.chars().find(|c| c.is_alphanumeric()));
    html.push_str("</span>");
    InertElement::new(html)
}

/// FNV-1a of the id: stable across versions and builds, unlike the standard library's hasher.
fn tint(id: &str) -> u8 {
    let hash =
        id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % TINTS) as u8
}
