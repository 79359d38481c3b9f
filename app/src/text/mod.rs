//! Every word the shell says, in one place per language.
//!
//! [`Text`] is what the browser says too; [`FrameText`] is what only the server renders, and is not part of the
//! download. `{}` in a sentence is filled by [`fill`]; the languages must agree on how many there are, which a test
//! checks.

mod de;
mod en;

use crate::bridge::Reason;
#[cfg(feature = "ssr")]
use crate::platform::{GroupKind, Level, Number, PartKind};
use crate::preferences::Locale;

macro_rules! text {
    ($(#[$attribute:meta])* $type:ident: $($name:ident),+ $(,)?) => {
        $(#[$attribute])*
        pub(crate) struct $type { $(pub(crate) $name: &'static str),+ }

        #[cfg(test)]
        $(#[$attribute])*
        impl $type {
            fn all(&self) -> Vec<(&'static str, &'static str)> { vec![$((stringify!($name), self.$name)),+] }
        }
    };
}

text! {
    /// The words of pages that the browser can show by itself.
    Text:
    home, applications, open, slot_top, slot_left, slot_right, owned_by, version, welcome, home_lead,
    slow, failed_title, failed_timeout, failed_network, failed_contract, failed_threw, failed_skipped,
    failed_unsupported, failed_neighbours, retry, reload, details, detail_remote, detail_owner,
    detail_phase, detail_message, detail_trace, updated, needs_script,
}

text! {
    /// The words of the frame and of pages that the server decides about.
    #[cfg(feature = "ssr")]
    FrameText:
    skip, main_navigation, open_navigation, close_navigation, collapse_navigation, account,
    switch_organization, sign_out, language, theme, theme_system, theme_light, theme_dark,
    sections_other, search, search_placeholder, search_results, search_none, search_hint_move,
    search_hint_open, search_hint_close, connection_idle, connection_connecting, connection_live,
    connection_offline, connection_ended, offline_banner, ended_banner, sign_in_again,
    dismiss, empty_title, empty_lead, empty_step_build_title, empty_step_build,
    empty_step_publish_title, empty_step_publish, empty_step_open_title, empty_step_open, empty_member,
    problems_title, problems_lead, problem_field, forbidden_title, forbidden_lead, forbidden_help,
    not_found_title, not_found_lead, error_title, error_lead, trace_id, go_home, try_again, sign_in,
    sign_in_with,
    signed_out_title, signed_out_lead, signed_out_asked, signed_out_done, demo_title, demo_lead,
    demo_admin, demo_member, demo_both, command_theme, command_language, command_organization,
}

text! {
    /// The words of pages that people work with without any remote, and of what an action says when it is done.
    #[cfg(feature = "ssr")]
    PlatformText:
    account_title, account_lead, account_you, name, email, no_email, signed_in_through, organizations, organizations_none,
    current, switch_to, roles, sessions_title, sessions_lead, this_device, unknown_device, session_begun,
    session_seen, end_session, end_session_of, end_others, only_session, members_nav, organization_nav, members_title,
    members_lead, members_alone, members_alone_lead, member, joined, source, source_provider,
    source_portal, you, change_roles, change_roles_of, save_roles, remove, remove_of, remove_title, remove_lead,
    remove_confirm, not_yours_to_change, invite_title, invite_lead, invite_email, invite_email_hint,
    invite_roles, invite_send, open_title, open_none, open_expires, open_invited_by, open_not_sent, revoke, revoke_of,
    send_again, send_again_of, actions,
    decisions_nav, decisions_title, decisions_lead, decisions_ask, decisions_ask_lead, decisions_trace,
    decisions_search, decisions_latest, decisions_of, decisions_none, decisions_unknown, decisions_unknown_lead,
    decision_who, decision_what, decision_answer, decision_why, decision_allowed, decision_refused,
    decision_unavailable, decision_missing, decision_trace,
    invitation_title, invitation_lead, invitation_for, invitation_until, invitation_roles, invitation_accept,
    invitation_sign_in, invitation_sign_in_lead, invitation_other_title, invitation_other_lead,
    invitation_other_sign_in, invitation_over_title, invitation_accepted, invitation_revoked,
    invitation_expired, invitation_over_help, invitation_unverified,
    told_invited, told_not_sent, told_no_mail, told_link, told_open_link, told_revoked, told_gone, told_roles_changed,
    told_removed, told_last_admin, told_email_invalid, told_no_role, told_unknown_role, told_more_than_own,
    told_other_organization, told_welcome, told_session_ended, told_others_ended, told_no_others,
}

text! {
    /// The words of the page that says how the portal is doing.
    #[cfg(feature = "ssr")]
    HealthText:
    nav, platform_nav, title, lead, all_good, some_degraded, broken, as_of, stale, reload, parts, good, degraded, down,
    part_identity, part_events, part_sessions, part_audit, part_policy, part_server, registry, registry_problems,
    upstreams, upstreams_lead, upstreams_none, breaker_closed, breaker_open, breaker_half_open, in_flight, answered,
    failed, refused, retries, queued, last_error, endpoints_none, endpoint_counts, in_service, ejected, unhealthy,
    quota, quota_calls, quota_bytes, quota_seconds, quota_exceeded, slow_routes, credentials, credentials_lead,
    credential_read, credential_never,
    failures, failures_lead, failures_none, route, outcome, times, when, trace, limits, limits_none,
    group_tokens, group_cache, group_events, group_instance, cache_hits, cache_misses, cache_stale, cache_joined,
    cache_evicted, cache_kilobytes, upgrades, tokens_cached, tokens_exchanged, tokens_failed, streams, records, lag,
    skipped, frames, waiting, resuming, cut, resets, published, publish_failures, active_requests, sessions, remotes,
    audit_waiting, log_dropped,
}

text! {
    /// The words of letters.
    #[cfg(feature = "ssr")]
    MailText:
    invitation_subject, invitation_lead, invitation_open, invitation_accept, invitation_until,
    invitation_ignore,
}

impl Text {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::TEXT,
            Locale::De => &de::TEXT,
        }
    }

    pub(crate) fn failure(&self, reason: Reason) -> &'static str {
        match reason {
            Reason::Timeout => self.failed_timeout,
            Reason::Network => self.failed_network,
            Reason::Contract => self.failed_contract,
            Reason::Threw => self.failed_threw,
            Reason::Skipped => self.failed_skipped,
            Reason::Unsupported => self.failed_unsupported,
        }
    }
}

#[cfg(feature = "ssr")]
impl FrameText {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::FRAME,
            Locale::De => &de::FRAME,
        }
    }

    pub(crate) fn theme_name(&self, theme: crate::Theme) -> &'static str {
        match theme {
            crate::Theme::System => self.theme_system,
            crate::Theme::Light => self.theme_light,
            crate::Theme::Dark => self.theme_dark,
        }
    }
}

#[cfg(feature = "ssr")]
impl PlatformText {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::PLATFORM,
            Locale::De => &de::PLATFORM,
        }
    }
}

#[cfg(feature = "ssr")]
impl HealthText {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::HEALTH,
            Locale::De => &de::HEALTH,
        }
    }

    pub(crate) fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Good => self.good,
            Level::Degraded => self.degraded,
            Level::Broken => self.down,
        }
    }

    pub(crate) fn part(&self, kind: PartKind) -> &'static str {
        match kind {
            PartKind::Identity => self.part_identity,
            PartKind::Events => self.part_events,
            PartKind::Sessions => self.part_sessions,
            PartKind::Audit => self.part_audit,
            PartKind::Policy => self.part_policy,
            PartKind::Server => self.part_server,
        }
    }

    pub(crate) fn group(&self, kind: GroupKind) -> &'static str {
        match kind {
            GroupKind::Tokens => self.group_tokens,
            GroupKind::Cache => self.group_cache,
            GroupKind::Events => self.group_events,
            GroupKind::Instance => self.group_instance,
        }
    }

    pub(crate) fn number(&self, number: Number) -> &'static str {
        match number {
            Number::TokensCached => self.tokens_cached,
            Number::TokensExchanged => self.tokens_exchanged,
            Number::TokensFailed => self.tokens_failed,
            Number::CacheHits => self.cache_hits,
            Number::CacheMisses => self.cache_misses,
            Number::CacheStale => self.cache_stale,
            Number::CacheJoined => self.cache_joined,
            Number::CacheEvicted => self.cache_evicted,
            Number::CacheKilobytes => self.cache_kilobytes,
            Number::Upgrades => self.upgrades,
            Number::Streams => self.streams,
            Number::Records => self.records,
            Number::Lag => self.lag,
            Number::Skipped => self.skipped,
            Number::Frames => self.frames,
            Number::Waiting => self.waiting,
            Number::Resuming => self.resuming,
            Number::Cut => self.cut,
            Number::Resets => self.resets,
            Number::Published => self.published,
            Number::PublishFailures => self.publish_failures,
            Number::ActiveRequests => self.active_requests,
            Number::Sessions => self.sessions,
            Number::Remotes => self.remotes,
            Number::AuditWaiting => self.audit_waiting,
            Number::LogDropped => self.log_dropped,
        }
    }
}

#[cfg(feature = "ssr")]
impl MailText {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::MAIL,
            Locale::De => &de::MAIL,
        }
    }
}

/// Puts each of `values` where the sentence has a `{}`, in order; what they hold stays as it is.
#[cfg(feature = "ssr")]
pub(crate) fn fill_all(sentence: &str, values: &[&str]) -> String {
    let mut parts = sentence.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        filled.push_str(values.get(index).copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}

/// Puts `value` where the sentence has `{}`.
pub(crate) fn fill(sentence: &str, value: &str) -> String {
    let (before, after) = sentence.split_once("{}").unwrap_or((sentence, ""));
    [before, value, after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(translated: Vec<(&str, &str)>, english: Vec<(&str, &str)>) {
        for ((name, sentence), (_, original)) in translated.into_iter().zip(english) {
            assert!(!sentence.trim().is_empty(), "{name} is empty");
            assert_eq!(sentence.matches("{}").count(), original.matches("{}").count(), "{name}");
        }
    }

    #[test]
    fn every_sentence_exists_in_every_language_with_the_same_gaps() {
        for locale in Locale::ALL {
            agree(Text::of(locale).all(), en::TEXT.all());
            #[cfg(feature = "ssr")]
            agree(FrameText::of(locale).all(), en::FRAME.all());
            #[cfg(feature = "ssr")]
            agree(PlatformText::of(locale).all(), en::PLATFORM.all());
            #[cfg(feature = "ssr")]
            agree(MailText::of(locale).all(), en::MAIL.all());
            #[cfg(feature = "ssr")]
            agree(HealthText::of(locale).all(), en::HEALTH.all());
        }
    }

    #[test]
    fn a_value_is_put_in_as_it_is() {
        assert_eq!(fill("by {}", "{} & co"), "by {} & co");
        #[cfg(feature = "ssr")]
        assert_eq!(fill_all("{} asks {}.", &["{}", "you"]), "{} asks you.");
    }
}
