use super::super::parse::escape;
use super::super::rules::{CSP_SOURCE, ORIGIN};
use super::super::{CSP_DIRECTIVES, Security};
use super::{Problems, quoted};

pub(super) fn validate(security: &Security, problems: &mut Problems) {
    for (directive, sources) in &security.csp {
        let field = format!("/security/csp/{}", escape(directive));
        if !CSP_DIRECTIVES.contains(&directive.as_str()) {
            let expected = CSP_DIRECTIVES.join(", ");
            problems.add(&field, format_args!("expected one of {expected}, found {}", quoted(directive)));
        }
        problems.texts(&field, sources, CSP_SOURCE);
    }
    problems.texts("/security/trustedDomains", &security.trusted_domains, ORIGIN);
}
