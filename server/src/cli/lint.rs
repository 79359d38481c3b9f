use std::path::PathBuf;
use std::process::ExitCode;

use crate::config;
use crate::lint::lint;

/// Something was found.
const FOUND: u8 = 1;
/// There is nothing to look at.
const UNREADABLE: u8 = 2;

/// Prints what is found in the configuration and the manifests.
#[expect(clippy::print_stdout, reason = "findings are the command's output")]
pub(super) fn run(json: bool, manifests: &[PathBuf]) -> ExitCode {
    let file = config::file();
    let config = match config::load() {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(error.message = %error, "there is nothing to look at");
            return ExitCode::from(UNREADABLE);
        }
    };
    let findings = lint(&config, file.as_deref(), manifests);
    if json {
        println!("{}", serde_json::to_string_pretty(&findings).unwrap_or_default());
    } else {
        findings.iter().for_each(|finding| println!("{finding}\n"));
        println!("{} found", findings.len());
    }
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}
