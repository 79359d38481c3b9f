use super::super::parse::escape;
use super::super::rules::{CSP_SOURCE, ORIGIN, REASON};
use super::super::{CSP_DIRECTIVES, Security};
use super::{LONGEST_LIST, Problems, quoted};

pub(super) fn validate(security: &Security, problems: &mut Problems) {
    for (directive, sources) in &security.csp {
        let field = format!("/security/csp/{}", escape(directive));
        if !CSP_DIRECTIVES.contains(&directive.as_str()) {
            let expected = CSP_DIRECTIVES.join(", ");
            problems.add(&field, format_args!("expected one of {expected}, found {}", quoted(directive)));
        }
        problems.texts(&field, sources, CSP_SOURCE);
    }
    problems.length("/security/direct", security.direct.len(), 0..=LONGEST_LIST);
    for (i, direct) in security.direct.iter().enumerate() {
        let field = format!("/security/direct/{i}");
        problems.text(format_args!("{field}/origin"), &direct.origin, CSP_SOURCE);
        problems.text(format_args!("{field}/reason"), &direct.reason, REASON);
        if security.direct.iter().take(i).any(|earlier| earlier.origin == direct.origin) {
            let again = format_args!("expected each only once, found {} again", quoted(&direct.origin));
            problems.add(format_args!("{field}/origin"), again);
        }
    }
    problems.texts("/security/trustedDomains", &security.trusted_domains, ORIGIN);
}
