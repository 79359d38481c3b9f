use super::super::parse::escape;
use super::super::rules::{
    ELEMENT, EXPORT, EXPOSE, FILE_PATH, GLOBAL, INTEGRITY, LABEL, PACKAGE, ROUTE_PATH, Rule, SLOT,
    VERSION_RANGE,
};
use super::super::{Format, Frontend, ManifestCard, ManifestRoute};
use super::{LONGEST_LIST, Problems, quoted};

/// The heights a skeleton may reserve, in CSS pixels.
const CARD_HEIGHTS: std::ops::RangeInclusive<u32> = 16..=2_000;

/// No remote is that large; the budget is far below.
const LARGEST_BUNDLE: u32 = 16 * 1024 * 1024;

pub(super) fn validate(frontend: &Frontend, problems: &mut Problems) {
    problems.text("/frontend/entry", &frontend.entry, FILE_PATH);
    format_fields(frontend, problems);
    match &frontend.integrity {
        Some(integrity) => problems.text("/frontend/integrity", integrity, INTEGRITY),
        None if frontend.format.is_script() => {
            problems
                .add("/frontend/integrity", format_args!("expected {}, found nothing", INTEGRITY.expected));
        }
        None => {}
    }
    files(frontend, problems);
    match frontend.bundle_size {
        Some(size) => problems.number("/frontend/bundleSize", size, 1..=LARGEST_BUNDLE),
        None if frontend.format.is_script() => {
            problems.add(
                "/frontend/bundleSize",
                "expected the gzip size in bytes of all script that one route needs, found nothing",
            );
        }
        None => {}
    }
    routes(&frontend.routes, problems);
    cards(&frontend.cards, problems);
    for (package, shared) in &frontend.shared {
        let field = format!("/frontend/shared/{}", escape(package));
        problems.text(&field, package, PACKAGE);
        problems.text(format_args!("{field}/requiredVersion"), &shared.required_version, VERSION_RANGE);
    }
}

/// Each of these fields belongs to exactly one format.
fn format_fields(frontend: &Frontend, problems: &mut Problems) {
    let fields: [(&str, &Option<String>, Format, Rule); 3] = [
        ("element", &frontend.element, Format::CustomElement, ELEMENT),
        ("expose", &frontend.expose, Format::ModuleFederation, EXPOSE),
        ("global", &frontend.global, Format::Iife, GLOBAL),
    ];
    for (name, value, format, rule) in fields {
        let field = format!("/frontend/{name}");
        match value {
            Some(value) if frontend.format == format => problems.text(field, value, rule),
            Some(_) => problems.add(
                field,
                format_args!(
                    "expected only with format `{}`, found with `{}`",
                    format.as_str(),
                    frontend.format.as_str()
                ),
            ),
            None if frontend.format == format => {
                problems.add(field, format_args!("expected {}, found nothing", rule.expected));
            }
            None => {}
        }
    }
}

fn files(frontend: &Frontend, problems: &mut Problems) {
    problems.length("/frontend/files", frontend.files.len(), 0..=LONGEST_LIST);
    problems.length("/frontend/styles", frontend.styles.len(), 0..=LONGEST_LIST);
    for (path, integrity) in &frontend.files {
        let field = format!("/frontend/files/{}", escape(path));
        problems.text(&field, path, FILE_PATH);
        problems.text(&field, integrity, INTEGRITY);
        if *path == frontend.entry && frontend.integrity.as_ref() != Some(integrity) {
            problems.add(&field, "expected the entry's hash, as in /frontend/integrity, found another");
        }
    }
    for (i, style) in frontend.styles.iter().enumerate() {
        problems.text(format_args!("/frontend/styles/{i}/href"), &style.href, FILE_PATH);
        problems.text(format_args!("/frontend/styles/{i}/integrity"), &style.integrity, INTEGRITY);
        if frontend.files.get(&style.href).is_some_and(|listed| *listed != style.integrity) {
            problems.add(
                format_args!("/frontend/styles/{i}/integrity"),
                "expected the hash as in /frontend/files, found another",
            );
        }
    }
}

fn routes(routes: &[ManifestRoute], problems: &mut Problems) {
    problems.length("/frontend/routes", routes.len(), 0..=LONGEST_LIST);
    for (i, route) in routes.iter().enumerate() {
        let field = format!("/frontend/routes/{i}");
        problems.text(format_args!("{field}/path"), &route.path, ROUTE_PATH);
        problems.text(format_args!("{field}/title"), &route.title, LABEL);
        problems.text(format_args!("{field}/mount"), &route.mount, EXPORT);
        if let Some(nav) = &route.nav {
            problems.text(format_args!("{field}/nav/section"), &nav.section, LABEL);
        }
        if routes.iter().take(i).any(|earlier| earlier.path == route.path) {
            let found = quoted(&route.path);
            problems.add(
                format_args!("{field}/path"),
                format_args!("expected each path only once, found {found} again"),
            );
        }
    }
}

fn cards(cards: &[ManifestCard], problems: &mut Problems) {
    problems.length("/frontend/cards", cards.len(), 0..=LONGEST_LIST);
    for (i, card) in cards.iter().enumerate() {
        let field = format!("/frontend/cards/{i}");
        problems.text(format_args!("{field}/slot"), &card.slot, SLOT);
        problems.text(format_args!("{field}/mount"), &card.mount, EXPORT);
        if let Some(title) = &card.title {
            problems.text(format_args!("{field}/title"), title, LABEL);
        }
        if let Some(height) = card.height {
            problems.number(format_args!("{field}/height"), height, CARD_HEIGHTS);
        }
    }
}
