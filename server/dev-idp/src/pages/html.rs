use crate::idp::DevIdp;

/// The frame around every page.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// HTML, escaped where it is made.
    pub(super) body: &'a str,
}

impl Page<'_> {
    /// The whole document.
    pub(super) fn render(&self, idp: &DevIdp) -> String {
        format!(
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} · Portico development sign-in</title>
<link rel="stylesheet" href="{stylesheet}">
</head>
<body>
<main>
<p class="brand"><span class="mark" aria-hidden="true"></span>Portico</p>
<h1>{title}</h1>
{body}
</main>
<footer><p>Development identity provider. It runs on this machine, for demo accounts only.</p></footer>
</body>
</html>
"##,
            title = escape(self.title),
            stylesheet = escape(&idp.path("/style.css")),
            body = self.body,
        )
    }
}

/// Text made safe inside elements and double-quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(escape(r#"<a href="x">'&'</a>"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    }
}
