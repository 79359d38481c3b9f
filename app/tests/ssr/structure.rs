//! What every page has in common: landmarks, names, nothing inline, nothing that hydration or the policy would break.

use std::collections::BTreeSet;

use crate::support::markup::{Tag, render, tags};
use crate::support::*;

fn for_every_page(check: impl Fn(&str, &str, &[Tag])) {
    for (name, state, path) in every_page() {
        let html = render(state, path);
        check(name, &html, &tags(&html));
    }
}

#[test]
fn nothing_is_inline_that_the_content_security_policy_forbids() {
    for_every_page(|name, _, tags| {
        for tag in tags {
            assert!(
                !["script", "style", "link", "base", "iframe"].contains(&tag.name.as_str()),
                "{name}: {tag:?}"
            );
            for (attribute, value) in &tag.attributes {
                assert_ne!(attribute, "style", "{name}: {tag:?}");
                assert!(!attribute.starts_with("on"), "{name}: {tag:?}");
                assert!(!value.starts_with("javascript:"), "{name}: {tag:?}");
            }
        }
    });
}

#[test]
fn every_page_has_one_main_one_heading_and_a_way_to_skip_to_it() {
    for_every_page(|name, _, tags| {
        let count = |wanted: &str| tags.iter().filter(|tag| tag.name == wanted).count();
        assert_eq!(count("main"), 1, "{name}");
        assert_eq!(count("h1"), 1, "{name}");
        let first = tags.first().and_then(|tag| tag.get("href"));
        assert_eq!(first, Some("#content"), "{name} begins with the skip link");
        let main = tags.iter().find(|tag| tag.name == "main").and_then(|tag| tag.get("id"));
        assert_eq!(main, Some("content"), "{name}");
    });
}

#[test]
fn a_signed_in_page_has_its_landmarks_and_a_live_region() {
    for (name, state, path) in every_page() {
        let is_signed_in = state.session.is_some();
        let tags = tags(&render(state, path));
        let navigation = tags.iter().filter(|tag| tag.name == "nav").count();
        assert_eq!(navigation, usize::from(is_signed_in), "{name}");
        assert_eq!(tags.iter().any(|tag| tag.name == "header"), is_signed_in, "{name}");
        assert!(tags.iter().any(|tag| tag.get("aria-live") == Some("polite")), "{name}");
    }
}

#[test]
fn headings_do_not_skip_a_level() {
    for_every_page(|name, html, _| {
        let main = &html[html.find("<main").expect("every page has a main")..];
        let levels: Vec<u32> =
            tags(main).iter().filter_map(|tag| tag.name.strip_prefix('h')?.parse().ok()).collect();
        assert_eq!(levels.first(), Some(&1), "{name}");
        for pair in levels.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{name}: {levels:?}");
        }
    });
}

#[test]
fn ids_are_unique_and_every_reference_finds_its_element() {
    for_every_page(|name, _, tags| {
        let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for tag in tags {
            for reference in ["aria-labelledby", "aria-controls"] {
                let Some(id) = tag.get(reference) else { continue };
                assert!(unique.contains(id), "{name}: {tag:?}");
            }
            if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#')) {
                assert!(unique.contains(id), "{name}: {tag:?}");
            }
        }
    });
}

#[test]
fn every_element_is_closed_in_order() {
    const VOID: [&str; 2] = ["input", "br"];
    for_every_page(|name, _, tags| {
        let mut open: Vec<&str> = Vec::new();
        for tag in tags {
            match tag.name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{name}"),
                // The icons' sprite closes its shapes in the start tag.
                None if VOID.contains(&tag.name.as_str())
                    || tag.attributes.iter().any(|(n, _)| n.ends_with('/')) => {}
                None => open.push(&tag.name),
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    });
}

#[test]
fn paragraphs_hold_no_blocks_or_hydration_would_break() {
    const BLOCKS: [&str; 12] =
        ["address", "article", "details", "div", "dl", "form", "h1", "h2", "ol", "p", "section", "ul"];
    for_every_page(|name, _, tags| {
        let mut inside = false;
        for tag in tags {
            match tag.name.as_str() {
                "/p" => inside = false,
                block if BLOCKS.contains(&block) => {
                    assert!(!inside, "{name}: {tag:?} inside a paragraph");
                    inside = block == "p";
                }
                _ => {}
            }
        }
    });
}
