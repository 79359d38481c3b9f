use leptos::prelude::*;

use crate::components::icon;
use crate::state::ShellState;
use crate::text::FrameText;

/// Remotes that the registry left out, for those who can do something about it.
pub(crate) fn registry_problems(state: &ShellState) -> Option<impl IntoView + use<>> {
    let text = FrameText::of(state.preferences.locale);
    let problems = &state.registry_problems;
    if problems.is_empty() {
        return None;
    }
    let rows = problems
        .iter()
        .map(|problem| {
            let field = (!problem.field.is_empty()).then(|| {
                view! { <span class="problem-field">{text.problem_field}" "<code>{problem.field.clone()}</code></span> }
            });
            view! {
                <li class="problem">
                    <code class="problem-source">{problem.source.clone()}</code>
                    {field}
                    <span class="problem-reason">{problem.reason.clone()}</span>
                </li>
            }
        })
        .collect_view();
    Some(view! {
        <section class="problems" id="problems-box" aria-labelledby="problems">
            <h2 class="section-title" id="problems">{icon("alert")}{text.problems_title}</h2>
            <p class="problems-lead">{text.problems_lead}</p>
            <ul class="problem-list">{rows}</ul>
        </section>
    })
}
