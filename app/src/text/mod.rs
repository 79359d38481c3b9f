//! Every word the shell says, in one place per language.
//!
//! `{}` in a sentence is filled by [`fill`]; the languages must agree on how many there are, which a test checks.

mod de;
mod en;

use crate::bridge::{Connection, Reason};
use crate::preferences::{Locale, Theme};

macro_rules! text {
    ($($name:ident),+ $(,)?) => {
        /// The shell's words in one language.
        pub(crate) struct Text { $(pub(crate) $name: &'static str),+ }

        #[cfg(test)]
        impl Text {
            fn all(&self) -> Vec<(&'static str, &'static str)> { vec![$((stringify!($name), self.$name)),+] }
        }
    };
}

text! {
    // Frame
    home, skip, main_navigation, open_navigation, close_navigation, collapse_navigation, expand_navigation,
    account, switch_organization, sign_out, language, theme, theme_system, theme_light,
    theme_dark, sections_other,
    // Search
    search, search_placeholder, search_results, search_none, search_count, search_page, search_action, search_hint_move,
    search_hint_open, search_hint_close,
    // Connection
    connection_idle, connection_connecting, connection_live, connection_offline, connection_ended,
    offline_banner, online_again, ended_banner, sign_in_again, dismiss,
    // Home
    welcome, home_lead, applications, open, slot_top, slot_left, slot_right, owned_by, version,
    // Empty portal
    empty_title, empty_lead, empty_step_build_title, empty_step_build, empty_step_publish_title, empty_step_publish,
    empty_step_open_title, empty_step_open, empty_member, problems_title, problems_lead, problem_field,
    // Outlets
    slow, failed_title, failed_timeout, failed_network, failed_contract, failed_threw, failed_skipped,
    failed_unsupported, failed_neighbours, retry, reload, details, detail_remote, detail_owner, detail_phase,
    detail_message, updated, needs_script,
    // Pages
    forbidden_title, forbidden_lead, forbidden_help, not_found_title, not_found_lead, error_title, error_lead,
    trace_id, go_home, try_again, sign_in, signed_out_title, signed_out_lead, signed_out_asked, signed_out_done, demo_title, demo_lead, demo_admin,
    demo_member, demo_both,
}

impl Text {
    /// The words of a language.
    pub(crate) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::TEXT,
            Locale::De => &de::TEXT,
        }
    }

    pub(crate) fn theme_name(&self, theme: Theme) -> &'static str {
        match theme {
            Theme::System => self.theme_system,
            Theme::Light => self.theme_light,
            Theme::Dark => self.theme_dark,
        }
    }

    pub(crate) fn connection(&self, connection: Connection) -> &'static str {
        match connection {
            Connection::Idle => self.connection_idle,
            Connection::Connecting => self.connection_connecting,
            Connection::Live => self.connection_live,
            Connection::Offline => self.connection_offline,
            Connection::Ended => self.connection_ended,
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

/// Puts `value` where the sentence has `{}`.
pub(crate) fn fill(sentence: &str, value: &str) -> String {
    sentence.replacen("{}", value, 1)
}

/// A language's own name for itself.
pub(crate) fn language_name(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "English",
        Locale::De => "Deutsch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_exists_in_every_language_with_the_same_gaps() {
        let english = Text::of(Locale::En).all();
        for locale in Locale::ALL {
            for ((name, sentence), (_, original)) in Text::of(locale).all().into_iter().zip(&english) {
                assert!(!sentence.trim().is_empty(), "{name} is empty in {locale:?}");
                assert_eq!(
                    sentence.matches("{}").count(),
                    original.matches("{}").count(),
                    "{name} in {locale:?}"
                );
            }
        }
    }
}
