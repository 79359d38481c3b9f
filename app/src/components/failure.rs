use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use portico_contracts::Application;

use super::{icon, reload};
use crate::bridge::Failure;
use crate::text::{Text, fill};

/// What an outlet shows when its remote is not there: what happened, who looks after it, what to do.
pub(super) fn failure_panel(
    text: &'static Text,
    application: &Arc<Application>,
    title: &str,
    failure: Failure,
    retry: Rc<dyn Fn()>,
) -> impl IntoView + use<> {
    let details = [
        (text.detail_remote, [&application.name, " ", &application.version].concat()),
        (text.detail_owner, application.owner.clone()),
        (text.detail_phase, [failure.phase.code(), " / ", failure.reason.code()].concat()),
        (text.detail_message, failure.message.clone()),
    ];
    let rows = details
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <div class="facts-row"><dt>{name}</dt><dd>{value}</dd></div> })
        .collect_view();
    let can_retry = failure.retryable;
    let label = if can_retry { text.retry } else { text.reload };
    let act = move |_| if can_retry { retry() } else { reload() };
    view! {
        <div class="failure">
            <div class="failure-icon">{icon("alert")}</div>
            <p class="failure-title">{fill(text.failed_title, title)}</p>
            <p class="failure-text">
                {text.failure(failure.reason)}" "{fill(text.failed_neighbours, &application.owner)}
            </p>
            <div class="failure-actions">
                <button class="button" type="button" on:click=act>{icon("retry")}{label}</button>
            </div>
            <details class="failure-details">
                <summary>{text.details}</summary>
                <dl class="facts">{rows}</dl>
            </details>
        </div>
    }
}
