//! Every word the shell says, in one place per language.
//!
//! [`Text`] is what the browser says too; [`FrameText`] is what only the server renders, and is not part of the
//! download. `{}` in a sentence is filled by [`fill`]; the languages must agree on how many there are, which a test
//! checks.

mod de;
mod en;

use crate::bridge::Reason;
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
    detail_phase, detail_message, updated, needs_script,
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
        }
    }

    #[test]
    fn a_value_is_put_in_as_it_is() {
        assert_eq!(fill("by {}", "{} & co"), "by {} & co");
    }
}
