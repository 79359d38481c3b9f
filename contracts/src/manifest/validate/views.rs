use super::super::BackendView;
use super::super::rules::{LEG_PATH, PERMISSION, VIEW_NAME, VIEW_PATH, path_placeholders, placeholders};
use super::{Problems, quoted};

/// Views of one remote.
const MOST_VIEWS: usize = 100;
/// Calls that one request may cause.
const LEGS: std::ops::RangeInclusive<usize> = 1..=16;
/// As for one call.
const TIMEOUTS: std::ops::RangeInclusive<u32> = 1..=120_000;

pub(super) fn validate(views: &[BackendView], problems: &mut Problems) {
    problems.length("/backend/views", views.len(), 0..=MOST_VIEWS);
    for (i, view) in views.iter().enumerate() {
        let field = format!("/backend/views/{i}");
        problems.text(format_args!("{field}/path"), &view.path, VIEW_PATH);
        problems.texts(&format!("{field}/query"), &view.query, VIEW_NAME);
        problems.texts(&format!("{field}/permissions"), &view.permissions, PERMISSION);
        if let Some(timeout) = view.timeout_ms {
            problems.number(format_args!("{field}/timeoutMs"), timeout, TIMEOUTS);
        }
        let in_path = path_placeholders(&view.path);
        if let Some(twice) = view.query.iter().position(|name| in_path.contains(&name.as_str())) {
            problems.add(
                format_args!("{field}/query/{twice}"),
                "expected another name than the path's parameters have",
            );
        }
        legs(&field, view, &in_path, problems);
    }
}

fn legs(view_field: &str, view: &BackendView, in_path: &[&str], problems: &mut Problems) {
    problems.length(format_args!("{view_field}/legs"), view.legs.len(), LEGS);
    for (i, leg) in view.legs.iter().enumerate() {
        let field = format!("{view_field}/legs/{i}");
        problems.text(format_args!("{field}/name"), &leg.name, VIEW_NAME);
        problems.text(format_args!("{field}/path"), &leg.path, LEG_PATH);
        if view.legs.iter().take(i).any(|earlier| earlier.name == leg.name) {
            let found = quoted(&leg.name);
            problems.add(
                format_args!("{field}/name"),
                format_args!("expected each name only once, found {found} again"),
            );
        }
        // A query parameter may be missing, and a path has no place for what is missing.
        let segments = path_placeholders(&leg.path);
        let unknown = |name: &&str| match segments.contains(name) {
            true => !in_path.contains(name),
            false => !in_path.contains(name) && !view.query.iter().any(|known| known == name),
        };
        if let Some(name) = placeholders(&leg.path).into_iter().find(|name| unknown(name)) {
            let reason = format_args!("expected a parameter of the view in the same place, found {{{name}}}");
            problems.add(format_args!("{field}/path"), reason);
        }
    }
}
