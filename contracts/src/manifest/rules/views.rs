use super::paths::{is_segment, is_segment_byte};
use super::{Rule, all};

/// The name of a view's parameter or leg.
pub(in crate::manifest) const VIEW_NAME: Rule =
    Rule { expected: "a name of letters, digits, `-` and `_`", holds: is_name };

/// Where a view is asked for.
pub(in crate::manifest) const VIEW_PATH: Rule = Rule {
    expected: "a path such as `/overview/{list}`: literal segments, or `{name}` for a parameter, each name once",
    holds: |text| {
        let names = path_placeholders(text);
        text.len() <= 512
            && is_path(text)
            && names.iter().enumerate().all(|(i, name)| !names[..i].contains(name))
    },
};

/// What a leg of a view asks for.
pub(in crate::manifest) const LEG_PATH: Rule = Rule {
    expected: "a path such as `/lists/{list}/items?status={status}&sort=due`: literal segments or `{name}`, and in the query \
               `name=value` or `name={name}`",
    holds: |text| {
        let (path, query) = split(text);
        text.len() <= 1024 && is_path(path) && query.is_none_or(is_query)
    },
};

/// The names of the parameters that a path or a leg's query mentions, in order.
pub(in crate::manifest) fn placeholders(text: &str) -> Vec<&str> {
    let (path, query) = split(text);
    let values =
        query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| Some(pair.split_once('=')?.1));
    path_placeholders(path).into_iter().chain(values.filter_map(placeholder)).collect()
}

/// The names of the parameters in a path.
pub(in crate::manifest) fn path_placeholders(path: &str) -> Vec<&str> {
    split(path).0.split('/').filter_map(placeholder).collect()
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)))
}

fn is_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else { return false };
    rest.is_empty() || rest.split('/').all(|segment| is_segment(segment) || placeholder(segment).is_some())
}

fn is_query(text: &str) -> bool {
    text.split('&').all(|pair| {
        let Some((name, value)) = pair.split_once('=') else { return false };
        let fits = |part: &str| {
            all(part, 128, |byte| is_segment_byte(byte) || byte == b'%' || byte == b'+' || byte == b',')
        };
        fits(name) && (placeholder(value).is_some() || value.is_empty() || fits(value))
    })
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    all(text, 64, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
