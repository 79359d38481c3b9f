use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::html::{Page, escape};
use super::respond;
use crate::demo::Account;
use crate::idp::DevIdp;
use crate::params::Params;
use crate::routes::AuthorizationRequest;

/// The sign-in form: one button per demo account, and no password, since there is nothing to protect.
pub(crate) fn login(idp: &DevIdp, request: &AuthorizationRequest<'_>, params: &Params) -> Response {
    let organization = request.organization.as_deref();
    let accounts: Vec<_> = idp
        .accounts()
        .into_iter()
        .filter(|account| organization.is_none_or(|organization| account.membership(organization).is_some()))
        .collect();
    let mut body = format!(
        "<p>Choose a demo account to continue to <strong>{}</strong>.</p>\n",
        escape(&request.client.client_name)
    );
    if let Some(unknown) = unknown_hint(idp, request) {
        let _ =
            writeln!(body, "<p class=\"note\">There is no demo account called “{}”.</p>", escape(unknown));
    }
    if accounts.is_empty() {
        body.push_str(
            "<p class=\"note\">No demo account belongs to the organization that was asked for.</p>\n",
        );
    } else {
        body.push_str(&form(idp, &accounts, params));
    }
    let html = Page { title: "Sign in", body: &body }.render(idp);
    respond(StatusCode::OK, &html, Some(&request.redirect_uri))
}

fn unknown_hint<'a>(idp: &DevIdp, request: &'a AuthorizationRequest<'_>) -> Option<&'a str> {
    request.login_hint.as_deref().filter(|hint| idp.account_named(hint).is_none())
}

fn form(idp: &DevIdp, accounts: &[Arc<Account>], params: &Params) -> String {
    let action = format!("{}?{}", idp.path("/login"), params.encoded());
    let mut form =
        format!("<form method=\"post\" action=\"{}\">\n<ul class=\"accounts\">\n", escape(&action));
    for account in accounts {
        let _ = writeln!(
            form,
            "<li><button name=\"account\" value=\"{username}\"><span class=\"avatar\" aria-hidden=\"true\">{initials}\
             </span><span class=\"who\"><span class=\"name\">{name}</span><span class=\"email\">{email}</span></span>\
             <span class=\"where\">{memberships}</span></button></li>",
            username = escape(&account.username),
            initials = escape(&initials(&account.name)),
            name = escape(&account.name),
            email = escape(&account.email),
            memberships = memberships(idp, account),
        );
    }
    form.push_str("</ul>\n</form>");
    form
}

fn memberships(idp: &DevIdp, account: &Account) -> String {
    account.memberships.iter().fold(String::new(), |mut html, membership| {
        let organization =
            idp.config.organizations.iter().find(|organization| organization.id == membership.organization);
        let name = organization.map_or(membership.organization.as_str(), |organization| &organization.name);
        let roles = membership.roles.join(", ");
        let _ = write!(html, "<span class=\"membership\">{}, {}</span>", escape(name), escape(&roles));
        html
    })
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
}
