use leptos::either::Either;
use leptos::prelude::*;

use super::parts::moment;
use crate::components::icon;
use crate::platform::{
    Breaker, CredentialRow, EndpointRow, EndpointState, FailureRow, Group, HealthPage, Level, Part, QuotaRow,
    UpstreamRow,
};
use crate::state::ShellState;
use crate::text::{HealthText, fill, fill_all};

/// `/platform/health`.
///
/// A small script (`server/src/assets/live.js`) replaces what is marked `data-now` with what the server says a moment
/// later; without script the document reloads itself, or the person does by the link.
pub(super) fn page(state: &ShellState, page: &HealthPage) -> impl IntoView + use<> {
    let words = HealthText::of(state.preferences.locale);
    view! {
        <div class="page health" data-now="">
            <header class="page-head">
                <h1 class="page-title" tabindex="-1">{words.title}</h1>
                <p class="page-lead">{words.lead}</p>
            </header>
            {summary(page, words)}
            {parts(page, words)}
            {upstreams(page, words)}
            {credentials(page, words)}
            {failures(page, words)}
            <div class="health-groups">
                {page.numbers.iter().map(|group| numbers(group, words)).collect_view()}
                {limits(page, words)}
            </div>
        </div>
    }
}

/// The one sentence that says whether to worry, and when it was true.
fn summary(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let level = page.level();
    let (symbol, sentence) = match level {
        Level::Good => ("check", words.all_good),
        Level::Degraded => ("alert", words.some_degraded),
        Level::Broken => ("alert", words.broken),
    };
    view! {
        <div class="verdict" data-level=code(level)>
            {icon(symbol)}
            <p class="verdict-text" role="status">{sentence}</p>
            <p class="verdict-meta">
                <span>{words.as_of}" "{moment(&page.at)}</span>
                <span class="verdict-stale" hidden>{words.stale}</span>
                <a class="verdict-reload" href="/platform/health">{words.reload}</a>
            </p>
        </div>
    }
}

fn parts(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let rows = page.parts.iter().map(|one| part(one, words)).collect_view();
    let registry = (page.registry_problems > 0).then(|| {
        let count = fill(words.registry_problems, &page.registry_problems.to_string());
        view! {
            <li class="row">
                <span class="row-text"><span class="row-title">{words.registry}</span><a class="row-meta" href="/#problems">{count}</a></span>
                {state_tag(Level::Degraded, words.degraded)}
            </li>
        }
    });
    view! {
        <section class="panel" aria-labelledby="parts">
            <h2 class="section-title" id="parts">{words.parts}</h2>
            <ul class="rows">{rows}{registry}</ul>
        </section>
    }
}

fn part(part: &Part, words: &'static HealthText) -> impl IntoView + use<> {
    let mut name = words.part(part.kind).to_owned();
    if !part.name.is_empty() {
        name = [&name, " · ", &part.name].concat();
    }
    let reason =
        (!part.reason.is_empty()).then(|| view! { <span class="row-meta">{part.reason.clone()}</span> });
    view! {
        <li class="row">
            <span class="row-text"><span class="row-title">{name}</span>{reason}</span>
            {state_tag(part.level, words.level(part.level))}
        </li>
    }
}

fn upstreams(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let body = if page.upstreams.is_empty() {
        Either::Left(view! { <p class="panel-empty">{words.upstreams_none}</p> })
    } else {
        let rows = page.upstreams.iter().map(|one| upstream(one, words)).collect_view();
        Either::Right(view! { <ul class="rows">{rows}</ul> })
    };
    view! {
        <section class="panel" aria-labelledby="upstreams">
            <h2 class="section-title" id="upstreams">{words.upstreams}</h2>
            <p class="panel-lead">{words.upstreams_lead}</p>
            {body}
        </section>
    }
}

fn upstream(one: &UpstreamRow, words: &'static HealthText) -> impl IntoView + use<> {
    let breaker = match one.breaker {
        Breaker::Closed => words.breaker_closed.to_owned(),
        Breaker::Open(seconds) => fill(words.breaker_open, &seconds.to_string()),
        Breaker::HalfOpen => words.breaker_half_open.to_owned(),
    };
    let in_flight = fill_all(words.in_flight, &[&one.in_flight.0.to_string(), &one.in_flight.1.to_string()]);
    let counts = [
        (words.answered, one.answered, false),
        (words.failed, one.failed, true),
        (words.refused, one.refused, true),
        (words.retries, one.retries, false),
        (words.queued, u64::from(one.queued), false),
        (words.quota_exceeded, one.quota.exceeded, true),
    ];
    let counts =
        counts.map(|(name, count, worrying)| number(name, count, worrying)).into_iter().collect_view();
    let last_error = one.last_error.as_ref().map(|(seconds, why)| {
        let when = fill(words.last_error, &seconds.to_string());
        view! { <p class="last-error"><span class="row-meta">{when}</span>" "{why.clone()}</p> }
    });
    let slow_routes = (!one.slow_routes.is_empty()).then(|| {
        let routes = one.slow_routes.join(", ");
        view! { <p class="last-error"><span class="row-meta">{words.slow_routes}</span>" "<code>{routes}</code></p> }
    });
    let endpoints = one.endpoints.iter().map(|endpoint| self::endpoint(endpoint, words)).collect_view();
    let endpoints = if one.endpoints.is_empty() {
        Either::Left(view! { <p class="row-meta">{words.endpoints_none}</p> })
    } else {
        Either::Right(view! { <ul class="endpoints">{endpoints}</ul> })
    };
    view! {
        <li class="upstream">
            <div class="row">
                <span class="row-text">
                    <span class="row-title">{one.title.clone()}" "<code class="row-meta">{one.remote.clone()}</code></span>
                    <span class="row-meta"><code>{one.url.clone()}</code>" · "{in_flight}" · "{breaker}</span>
                    {quota(&one.quota, words)}
                </span>
                {state_tag(one.level, words.level(one.level))}
            </div>
            <dl class="numbers">{counts}</dl>
            {slow_routes}
            {last_error}
            {endpoints}
        </li>
    }
}

/// What is limited of it, with what is used; nothing where nothing is.
fn quota(used: &QuotaRow, words: &'static HealthText) -> impl IntoView + use<> {
    let (calls, most) = used.calls;
    let calls = most.map(|most| fill_all(words.quota_calls, &[&calls.to_string(), &most.to_string()]));
    let kilobytes = |bytes: u64| bytes.div_ceil(1024).to_string();
    let bytes =
        used.bytes.map(|(bytes, most)| fill_all(words.quota_bytes, &[&kilobytes(bytes), &kilobytes(most)]));
    let seconds = used.seconds.map(|seconds| fill(words.quota_seconds, &seconds.to_string()));
    let parts: Vec<_> = [calls, bytes, seconds].into_iter().flatten().collect();
    (!parts.is_empty())
        .then(|| view! { <span class="row-meta">{fill(words.quota, &parts.join(" · "))}</span> })
}

fn credentials(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let rows = page.credentials.iter().map(|one| credential(one, words)).collect_view();
    (!page.credentials.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="credentials">
                <h2 class="section-title" id="credentials">{words.credentials}</h2>
                <p class="panel-lead">{words.credentials_lead}</p>
                <ul class="rows">{rows}</ul>
            </section>
        }
    })
}

fn credential(one: &CredentialRow, words: &'static HealthText) -> impl IntoView + use<> {
    let read = one.read.map_or_else(
        || words.credential_never.to_owned(),
        |seconds| fill(words.credential_read, &seconds.to_string()),
    );
    let reason =
        (!one.reason.is_empty()).then(|| view! { <span class="row-meta">{one.reason.clone()}</span> });
    view! {
        <li class="row">
            <span class="row-text">
                <span class="row-title">{one.purpose.clone()}</span>
                <span class="row-meta"><code>{one.source.clone()}</code>" · "{read}</span>
                {reason}
            </span>
            {state_tag(one.level(), words.level(one.level()))}
        </li>
    }
}

fn endpoint(one: &EndpointRow, words: &'static HealthText) -> impl IntoView + use<> {
    let (level, state) = match one.state {
        EndpointState::InService => (Level::Good, words.in_service),
        EndpointState::Ejected => (Level::Broken, words.ejected),
        EndpointState::Unhealthy => (Level::Broken, words.unhealthy),
    };
    let detail = fill_all(words.endpoint_counts, &[&one.in_flight.to_string(), &one.failed.to_string()]);
    view! {
        <li class="endpoint">
            <code>{one.address.clone()}</code>
            <span class="row-meta">{detail}</span>
            {state_tag(level, state)}
        </li>
    }
}

fn failures(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let body = if page.failures.is_empty() {
        Either::Left(view! { <p class="panel-empty">{words.failures_none}</p> })
    } else {
        let rows = page.failures.iter().map(|one| failure(one, words)).collect_view();
        Either::Right(view! {
            <table class="table" aria-labelledby="failures">
                <thead>
                    <tr>
                        <th scope="col">{words.route}</th>
                        <th scope="col">{words.outcome}</th>
                        <th scope="col">{words.times}</th>
                        <th scope="col">{words.when}</th>
                        <th scope="col">{words.trace}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        })
    };
    view! {
        <section class="panel" aria-labelledby="failures">
            <h2 class="section-title" id="failures">{words.failures}</h2>
            <p class="panel-lead">{words.failures_lead}</p>
            {body}
        </section>
    }
}

fn failure(one: &FailureRow, words: &'static HealthText) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row"><code>{one.route.clone()}</code></th>
            <td data-label=words.outcome>
                <span><span class="chip chip-danger">{one.status}</span>" "{one.outcome}</span>
            </td>
            <td data-label=words.times>{one.count.to_string()}</td>
            <td data-label=words.when>{moment(&one.at)}</td>
            <td data-label=words.trace><code class="trace">{one.trace_id.clone()}</code></td>
        </tr>
    }
}

fn numbers(group: &Group, words: &'static HealthText) -> impl IntoView + use<> {
    let rows = group.numbers.iter();
    let rows =
        rows.map(|(kind, count)| number(words.number(*kind), *count, kind.is_worrying())).collect_view();
    view! {
        <section class="panel">
            <h2 class="section-title">{words.group(group.kind)}</h2>
            <dl class="numbers">{rows}</dl>
        </section>
    }
}

fn limits(page: &HealthPage, words: &'static HealthText) -> impl IntoView + use<> {
    let body = if page.limits.is_empty() {
        Either::Left(view! { <p class="panel-empty">{words.limits_none}</p> })
    } else {
        let rows = page.limits.iter().map(|limit| limit_row(&limit.name, limit.count)).collect_view();
        Either::Right(view! { <dl class="numbers">{rows}</dl> })
    };
    view! {
        <section class="panel">
            <h2 class="section-title">{words.limits}</h2>
            {body}
        </section>
    }
}

fn limit_row(name: &str, count: u64) -> impl IntoView + use<> {
    view! { <div class="number"><dt><code>{name.to_owned()}</code></dt><dd>{count.to_string()}</dd></div> }
}

fn number(name: &'static str, count: u64, worrying: bool) -> impl IntoView {
    let worrying = (worrying && count > 0).then_some("");
    view! { <div class="number" data-worrying=worrying><dt>{name}</dt><dd>{count.to_string()}</dd></div> }
}

/// A state in words and, for the eye, in colour.
fn state_tag(level: Level, words: &'static str) -> impl IntoView {
    view! { <span class="state" data-level=code(level)>{words}</span> }
}

fn code(level: Level) -> &'static str {
    match level {
        Level::Good => "good",
        Level::Degraded => "degraded",
        Level::Broken => "broken",
    }
}
