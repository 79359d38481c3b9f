use leptos::either::EitherOf3;
use leptos::prelude::*;

use super::parts::moment;
use crate::platform::{DecisionAnswer, DecisionRow, DecisionsPage};
use crate::state::ShellState;
use crate::text::{PlatformText, fill};

/// `/decisions`: a form that asks by GET, so that an answer can be linked to, and what was found.
pub(super) fn page(state: &ShellState, page: &DecisionsPage) -> impl IntoView + use<> {
    let words = PlatformText::of(state.preferences.locale);
    let found = if !page.rows.is_empty() {
        EitherOf3::A(table(page, words))
    } else if page.trace.is_empty() {
        EitherOf3::B(view! { <p class="panel-empty">{words.decisions_none}</p> })
    } else {
        EitherOf3::C(view! {
            <div class="panel-empty">
                <p class="row-title">{words.decisions_unknown}</p>
                <p>{words.decisions_unknown_lead}</p>
            </div>
        })
    };
    let title = match page.trace.is_empty() {
        true => words.decisions_latest.to_owned(),
        false => fill(words.decisions_of, &page.trace),
    };
    view! {
        <div class="page">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{words.decisions_title}</h1>
                <p class="page-lead">{words.decisions_lead}</p>
            </header>
            <section class="panel" aria-labelledby="ask">
                <h2 class="section-title" id="ask">{words.decisions_ask}</h2>
                <p class="panel-lead">{words.decisions_ask_lead}</p>
                <form class="form" method="get" action="/decisions">
                    <div class="field">
                        <label for="trace">{words.decisions_trace}</label>
                        <input
                            class="input"
                            id="trace"
                            name="trace"
                            maxlength="64"
                            autocomplete="off"
                            spellcheck="false"
                            value=page.trace.clone()
                        />
                    </div>
                    <button class="button button-primary">{words.decisions_search}</button>
                </form>
            </section>
            <section class="panel" aria-labelledby="found">
                <h2 class="section-title" id="found">{title}</h2>
                {found}
            </section>
        </div>
    }
}

fn table(page: &DecisionsPage, words: &'static PlatformText) -> impl IntoView + use<> {
    let rows = page.rows.iter().map(|decision| row(decision, words)).collect_view();
    view! {
        <table class="table" aria-labelledby="found">
            <thead>
                <tr>
                    <th scope="col">{words.decision_who}</th>
                    <th scope="col">{words.decision_what}</th>
                    <th scope="col">{words.decision_answer}</th>
                    <th scope="col">{words.decision_why}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn row(decision: &DecisionRow, words: &'static PlatformText) -> impl IntoView + use<> {
    let (class, answer) = match decision.answer {
        DecisionAnswer::Allowed => ("chip", words.decision_allowed),
        DecisionAnswer::Refused => ("chip chip-danger", words.decision_refused),
        DecisionAnswer::Unavailable => ("chip chip-danger", words.decision_unavailable),
    };
    let missing = (!decision.missing.is_empty()).then(|| {
        let missing = decision.missing.iter().map(|name| view! { <li class="chip">{name.clone()}</li> });
        view! {
            <span class="row-meta">{words.decision_missing}</span>
            <ul class="chips">{missing.collect_view()}</ul>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <span class="row-text">
                    <span class="row-title">{decision.who.clone()}</span>
                    <span class="row-meta">{moment(&decision.time)}</span>
                </span>
            </th>
            <td data-label=words.decision_what>
                <span class="row-text">
                    <span>{decision.action.clone()}</span>
                    <code>{decision.resource.clone()}</code>
                </span>
            </td>
            <td data-label=words.decision_answer><span class=class>{answer}</span></td>
            <td data-label=words.decision_why>
                <span class="row-text">
                    <span>{decision.reason.clone()}</span>
                    {missing}
                    <a class="row-meta" href=["/decisions?trace=", &decision.trace_id].concat()>
                        {fill(words.decision_trace, &decision.trace_id)}
                    </a>
                </span>
            </td>
        </tr>
    }
}
