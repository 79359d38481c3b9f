use std::fmt;

use thiserror::Error;

/// An e-mail address, in lower case, of the form that mail can be sent to (RFC 5321, section 4.1.2, without quoting).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is no e-mail address, such as carol@example.com")]
pub struct EmailError;

/// RFC 5321, section 4.5.3.1: a path has at most 256 octets, two of them its brackets.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

impl EmailAddress {
    /// Reads an address as a person types it: blanks around it do not count, nor does letter case.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let local_fits =
            (1..=LONGEST_LOCAL).contains(&local.len()) && local.chars().all(plain) && dots(local);
        let label = |label: &str| {
            let hyphens = label.starts_with('-') || label.ends_with('-');
            !hyphens && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let domain_fits = dots(domain) && domain.split('.').all(label);
        if local_fits && domain_fits && text.len() <= LONGEST { Ok(Self(text)) } else { Err(EmailError) }
    }

    /// Whether `other` is the same address. ASCII letters only: what looks like one elsewhere in Unicode is another
    /// address, and must not open what was meant for this one.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.trim())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither empty nor with an empty part.
fn dots(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty())
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_type_it() {
        for (typed, read) in [
            (" Carol@Globex.Example ", "carol@globex.example"),
            ("o'neill+portal@mail.example.com", "o'neill+portal@mail.example.com"),
            ("dörte@example.de", "dörte@example.de"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(EmailAddress::parse(typed).expect("an address").as_str(), read);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.d",
            "a@b..c",
            ".a@b.c",
            "a.@b.c",
            "a@-b.c",
            "a@b.c\r\nBcc: x@y.z",
            "a@b,c@d",
            "<a@b.c>",
            "\"a b\"@c.d",
            "a@b@c.d",
            "a@b.c\0",
            &long,
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(EmailError), "{bad:?}");
        }
    }

    #[test]
    fn letters_that_only_look_alike_are_another_address() {
        let address = EmailAddress::parse("kate@example.com").expect("an address");
        assert!(address.is("KATE@Example.com"));
        // The Kelvin sign, which becomes a k in lower case.
        assert!(!address.is("\u{212a}ate@example.com"));
    }
}
