//! The palette keeps a contrast of 4.5:1 in both themes (WCAG 2.2, success criterion 1.4.3), computed from the tokens.

const TOKENS: &str = include_str!("../../../style/tokens.css");
const CONTROLS: &str = include_str!("../../../style/controls.css");

/// Text colours and what they may stand on.
const PAIRS: [(&str, &[&str]); 9] = [
    ("--p-color-text", &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-accent-soft"]),
    (
        "--p-color-text-muted",
        &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-accent-soft"],
    ),
    ("--p-color-accent", &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-accent-soft"]),
    ("--p-color-on-accent", &["--p-color-accent"]),
    ("--p-color-danger", &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-danger-soft"]),
    ("--p-color-success", &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-success-soft"]),
    ("--p-color-warning", &["--p-color-bg", "--p-color-surface", "--p-color-surface-2", "--s-warning-soft"]),
    ("--p-color-text", &["--s-danger-soft", "--s-success-soft", "--s-warning-soft"]),
    ("--p-color-bg", &["--p-color-accent"]),
];

#[test]
fn text_is_readable_in_both_themes() {
    for theme in [0, 1] {
        for (text, grounds) in PAIRS {
            for ground in grounds {
                let ratio = contrast(token(text)[theme], token(ground)[theme]);
                assert!(ratio >= 4.5, "{text} on {ground} in theme {theme}: {ratio:.2}");
            }
        }
    }
}

#[test]
fn focus_rings_stand_out_from_every_ground() {
    for theme in [0, 1] {
        for ground in ["--p-color-bg", "--p-color-surface", "--p-color-surface-2"] {
            let ratio = contrast(token("--p-color-focus")[theme], token(ground)[theme]);
            assert!(ratio >= 3.0, "focus on {ground} in theme {theme}: {ratio:.2}");
        }
    }
}

#[test]
fn the_letter_of_every_tile_is_readable() {
    let rule = &CONTROLS[CONTROLS.find(".tile {").expect("the tile's rule")..];
    let hues = CONTROLS.match_indices("--hue: ").map(|(at, _)| number(&CONTROLS[at + 7..]));
    for hue in hues {
        let [ground, letter] = ["background: ", "color: "].map(|property| {
            let at = rule.find(&format!("\n  {property}")).expect("the property") + 3 + property.len();
            pair(&rule[at..].replace("var(--hue)", &hue.to_string()))
        });
        for theme in [0, 1] {
            let ratio = contrast(letter[theme], ground[theme]);
            assert!(ratio >= 4.5, "tile of hue {hue} in theme {theme}: {ratio:.2}");
        }
    }
}

/// Lightness, chroma and hue of a token in the light and the dark theme.
fn token(name: &str) -> [[f64; 3]; 2] {
    let start = TOKENS.find(&format!("{name}: ")).expect("the token exists") + name.len() + 2;
    pair(&TOKENS[start..])
}

fn pair(css: &str) -> [[f64; 3]; 2] {
    let mut colours = css.split("oklch(").skip(1).map(|colour| {
        let mut parts = colour.split([' ', ')']).map(number);
        [0, 1, 2].map(|_| parts.next().expect("three components"))
    });
    [colours.next().expect("a light colour"), colours.next().expect("a dark colour")]
}

fn number(text: &str) -> f64 {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].parse().expect("a number")
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance of an OKLCH colour, clipped to sRGB (CSS Color 4, sections 9 and 10).
fn luminance([lightness, chroma, hue]: [f64; 3]) -> f64 {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
    let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
    let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s;
    let clip = |value: f64| value.clamp(0.0, 1.0);
    0.2126 * clip(red) + 0.7152 * clip(green) + 0.0722 * clip(blue)
}

#[test]
fn the_computation_agrees_with_known_colours() {
    assert!((contrast([1.0, 0.0, 0.0], [0.0, 0.0, 0.0]) - 21.0).abs() < 0.01);
    // #ff0000 on white is 4.00:1.
    assert!((contrast([0.627_955, 0.257_683, 29.2338], [1.0, 0.0, 0.0]) - 4.0).abs() < 0.01);
}
