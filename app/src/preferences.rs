use serde::{Deserialize, Serialize};

/// The cookie that remembers the theme: `system`, `light` or `dark`.
pub const THEME_COOKIE: &str = "portico-theme";
/// The cookie that remembers the language: `en` or `de`.
pub const LOCALE_COOKIE: &str = "portico-locale";
/// The cookie that remembers the side bar: `open` or `collapsed`.
pub const NAVIGATION_COOKIE: &str = "portico-nav";

/// What a person chose for this browser. Kept in cookies so that the server renders it at once, without a flash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Colours.
    #[serde(default)]
    pub theme: Theme,
    /// Language.
    #[serde(default)]
    pub locale: Locale,
    /// The side bar on wide screens.
    #[serde(default)]
    pub navigation: Navigation,
}

/// The chosen theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As `prefers-color-scheme` says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// The languages the shell speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// The side bar on wide screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Navigation {
    /// With names.
    #[default]
    Open,
    /// Reduced to a rail.
    Collapsed,
}

impl Preferences {
    /// Reads the `Cookie` header's value (RFC 6265, section 4.2) and, where no language was chosen, `Accept-Language`
    /// (RFC 9110, section 12.5.4). Unknown values count as absent.
    pub fn read(cookies: &str, accept_language: &str) -> Self {
        let cookie = |name: &str| {
            cookies
                .split(';')
                .find_map(|pair| pair.trim().split_once('=').filter(|(n, _)| *n == name))
                .map(|p| p.1)
        };
        Self {
            theme: cookie(THEME_COOKIE).and_then(Theme::parse).unwrap_or_default(),
            locale: cookie(LOCALE_COOKIE)
                .and_then(Locale::parse)
                .unwrap_or_else(|| Locale::negotiate(accept_language)),
            navigation: match cookie(NAVIGATION_COOKIE) {
                Some("collapsed") => Navigation::Collapsed,
                _ => Navigation::Open,
            },
        }
    }
}

impl Theme {
    /// Every theme, in the order it is offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// As the cookie and `<html data-theme>` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads it as the cookie spells it.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == value)
    }
}

impl Locale {
    /// Every language, in the order it is offered.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// As the cookie and `<html lang>` spell it (BCP 47).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language's own name for itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// Reads it as the cookie spells it.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.as_str() == value)
    }

    /// The best of the listed ranges by quality, then by order; English where none is spoken.
    fn negotiate(accept_language: &str) -> Self {
        let mut best = (0.0_f32, Self::En);
        for range in accept_language.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
            if let Some(locale) = Self::parse(&primary).filter(|_| quality > best.0) {
                best = (quality, locale);
            }
        }
        best.1
    }
}

impl Navigation {
    /// As the cookie spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Collapsed => "collapsed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_preferences_come_from_cookies() {
        let read =
            Preferences::read("a=b; portico-theme=dark;portico-locale=de; portico-nav=collapsed", "en");
        assert_eq!(
            read,
            Preferences { theme: Theme::Dark, locale: Locale::De, navigation: Navigation::Collapsed }
        );
    }

    #[test]
    fn unknown_values_count_as_absent() {
        let read = Preferences::read("portico-theme=\"><script>; portico-locale=xx; portico-nav", "");
        assert_eq!(read, Preferences::default());
    }

    #[test]
    fn the_language_follows_the_browser_until_one_is_chosen() {
        let locale = |accept| Preferences::read("", accept).locale;
        assert_eq!(locale("de-AT,en;q=0.8"), Locale::De);
        assert_eq!(locale("fr, de;q=0.5, en;q=0.9"), Locale::En);
        assert_eq!(locale("fr"), Locale::En);
        assert_eq!(locale("de;q=x, ;;,"), Locale::De);
    }
}
