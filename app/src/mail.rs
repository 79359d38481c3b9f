//! The letters that the portal sends, in the shell's words and languages.

use crate::Locale;
use crate::text::{MailText, fill, fill_all};

/// One letter: the same in plain text and in HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// For those who read no HTML.
    pub text: String,
    /// A whole document, without anything that would have to be fetched.
    pub html: String,
}

/// What an invitation's letter says.
#[derive(Clone, Copy, Debug)]
pub struct InvitationLetter<'a> {
    /// Who invites.
    pub inviter: &'a str,
    /// Into which organization.
    pub organization: &'a str,
    /// Where it is accepted. A credential.
    pub link: &'a str,
    /// Until when, as people read it.
    pub expires: &'a str,
}

impl Letter {
    /// The invitation into an organization.
    pub fn invitation(locale: Locale, invitation: InvitationLetter<'_>) -> Self {
        let words = MailText::of(locale);
        let InvitationLetter { inviter, organization, link, expires } = invitation;
        let subject = fill(words.invitation_subject, &one_line(organization));
        let lead = fill_all(words.invitation_lead, &[&one_line(inviter), &one_line(organization)]);
        let until = fill(words.invitation_until, expires);
        let text =
            format!("{lead}\n\n{}\n{link}\n\n{until}\n{}\n", words.invitation_open, words.invitation_ignore);
        let html = format!(
            "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body style=\"margin:0;padding:24px;background:#f7f6f4;color:#22252b;font:16px/1.5 system-ui,sans-serif\">\
             <div style=\"max-width:480px;margin:0 auto;padding:32px;background:#fff;border:1px solid #e3e1dd;border-radius:12px\">\
             <p style=\"margin:0 0 16px;font-weight:600\">Portico</p><p style=\"margin:0 0 24px\">{lead}</p>\
             <p style=\"margin:0 0 24px\"><a href=\"{link}\" style=\"display:inline-block;padding:10px 18px;background:#1f5aa8;\
             color:#fff;border-radius:8px;text-decoration:none;font-weight:600\">{accept}</a></p>\
             <p style=\"margin:0 0 8px;color:#62666e;font-size:14px\">{until} {ignore}</p>\
             <p style=\"margin:0;color:#62666e;font-size:13px;word-break:break-all\">{link}</p></div></body></html>",
            lang = locale.as_str(),
            title = escape(&subject),
            lead = escape(&lead),
            link = escape(link),
            accept = escape(words.invitation_accept),
            until = escape(&until),
            ignore = escape(words.invitation_ignore),
        );
        Self { subject, text, html }
    }
}

/// A name that somebody chose, as part of a sentence: no line of its own, and not longer than names are.
fn one_line(name: &str) -> String {
    const LONGEST: usize = 100;
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://portal.example/invitations/abc";

    fn letter(locale: Locale, inviter: &str) -> Letter {
        let expires = "2026-12-02 10:00 UTC";
        Letter::invitation(locale, InvitationLetter { inviter, organization: "Acme", link: LINK, expires })
    }

    #[test]
    fn an_invitation_says_who_where_and_until_when_in_both_languages() {
        for (locale, subject) in [(Locale::En, "Invitation to Acme"), (Locale::De, "Einladung zu Acme")] {
            let letter = letter(locale, "Alice Archer");
            assert_eq!(letter.subject, subject);
            for part in [&letter.text, &letter.html] {
                for word in ["Alice Archer", "Acme", LINK, "2026-12-02"] {
                    assert!(part.contains(word), "{word}: {part}");
                }
            }
        }
    }

    #[test]
    fn case_61_a_name_stays_text_and_on_its_line() {
        let letter = letter(Locale::En, "<img src=x>\r\nBcc: eve@example.com");
        assert!(!letter.html.contains("<img"), "{}", letter.html);
        assert!(letter.text.lines().all(|line| !line.starts_with("Bcc:")), "{}", letter.text);
    }
}
