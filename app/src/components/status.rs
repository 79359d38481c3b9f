use leptos::tachys::html::InertElement;
use portico_contracts::Application;

use super::Markup;
use crate::bridge::{Failure, Phase};
use crate::text::{Text, fill};

/// What an outlet shows besides its remote, or instead of it. Its buttons say in `data-outlet` what they do: `retry`
/// or `reload`.
pub(super) fn status(
    text: &Text,
    phase: &Phase,
    is_slow: bool,
    application: &Application,
    title: &str,
) -> Option<InertElement> {
    match phase {
        Phase::Failed(failure) => Some(failure_panel(text, application, title, failure)),
        Phase::Updated => Some(update_note(text, title)),
        Phase::Loading | Phase::Mounting if is_slow => Some(slow_note(text, title)),
        _ => None,
    }
}

/// What happened, who looks after it, what to do.
fn failure_panel(text: &Text, application: &Application, title: &str, failure: &Failure) -> InertElement {
    let (action, label) = if failure.retryable { ("retry", text.retry) } else { ("reload", text.reload) };
    let rows = [
        (text.detail_remote, [&application.name, " ", &application.version].concat()),
        (text.detail_owner, application.owner.clone()),
        (text.detail_phase, [failure.phase.code(), " / ", failure.reason.code()].concat()),
        (text.detail_message, failure.message.clone()),
        (text.detail_trace, failure.trace_id.clone().unwrap_or_default()),
    ];
    Markup::new("<div class=\"failure\"><div class=\"failure-icon\">")
        .icon("alert")
        .html("</div><p class=\"failure-title\">")
        .text(&fill(text.failed_title, title))
        .html("</p><p class=\"failure-text\">")
        .text(text.failure(failure.reason))
        .html(" ")
        .text(&fill(text.failed_neighbours, &application.owner))
        .html("</p><div class=\"failure-actions\"><button class=\"button\" type=\"button\" data-outlet=\"")
        .html(action)
        .html("\">")
        .icon("retry")
        .text(label)
        .html("</button></div><details class=\"failure-details\"><summary>")
        .text(text.details)
        .html("</summary><dl class=\"facts\">")
        .with(|markup| rows.iter().filter(|(_, fact)| !fact.is_empty()).fold(markup, fact_row))
        .html("</dl></details></div>")
        .element()
}

fn fact_row(markup: Markup, (name, fact): &(&'static str, String)) -> Markup {
    markup.html("<div class=\"facts-row\"><dt>").text(name).html("</dt><dd>").text(fact).html("</dd></div>")
}

fn update_note(text: &Text, title: &str) -> InertElement {
    Markup::new("<div class=\"update-note\">")
        .icon("info")
        .html("<p>")
        .text(&fill(text.updated, title))
        .html("</p><button class=\"button button-small\" type=\"button\" data-outlet=\"reload\">")
        .text(text.reload)
        .html("</button></div>")
        .element()
}

fn slow_note(text: &Text, title: &str) -> InertElement {
    Markup::new("<p class=\"slow-note\">").text(&fill(text.slow, title)).html("</p>").element()
}
