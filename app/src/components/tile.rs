use leptos::prelude::*;

/// How many tints the style sheet has.
const TINTS: u32 = 8;

/// A remote's mark: the first letter of its name, on a tint that stays the same wherever the remote shows up.
pub(crate) fn tile(id: &str, name: &str) -> impl IntoView + use<> {
    let letter: String =
        name.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
    // FNV-1a: stable across versions and builds, unlike the standard library's hasher.
    let hash =
        id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let class = TINT_CLASSES[(hash % TINTS) as usize];
    view! { <span class=class aria-hidden="true">{letter}</span> }
}

const TINT_CLASSES: [&str; TINTS as usize] = [
    "tile tint-0",
    "tile tint-1",
    "tile tint-2",
    "tile tint-3",
    "tile tint-4",
    "tile tint-5",
    "tile tint-6",
    "tile tint-7",
];
