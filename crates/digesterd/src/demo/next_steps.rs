//! Commands to try next, exactly as they work here.

use std::path::Path;

use digest_core::Job;

use super::client::path;
use crate::serve::FLOW_LOGS;

/// Address of the service that [`after`] tells how to start.
const LATER: (&str, u16) = ("127.0.0.1", 8080);

/// Commands for a service that runs.
pub(super) fn while_running(url: &str, job: &Job, account: Option<&str>) -> Vec<String> {
    let mut lines = vec![String::new(), "Try next".to_owned(), String::new()];
    lines.extend(calls(url, job, account));
    lines
}

/// Commands for a service that has to be started again over the same directory.
pub(super) fn after(directory: &Path, job: &Job, account: Option<&str>) -> Vec<String> {
    let (program, directory) = (program(), word(&directory.display().to_string()));
    let (address, port) = LATER;
    let window = job.window();
    let mut lines = vec![
        String::new(),
        format!("Everything is in {directory}. Try next"),
        String::new(),
        "  # the same digest without a service".to_owned(),
        format!(
            "  {program} digest --logs {directory}/{FLOW_LOGS} --start {} --stop {} | head -3",
            window.start_rfc3339(),
            window.stop_rfc3339(),
        ),
        "  # the service again, in the background".to_owned(),
        format!(
            "  {program} serve --data {directory} --listen-address {address} --port {port} > /dev/null &"
        ),
    ];
    lines.extend(calls(&format!("http://{address}:{port}"), job, account));
    lines
}

/// Calls of the API.
fn calls(url: &str, job: &Job, account: Option<&str>) -> Vec<String> {
    let digest = format!("{url}{}", path(job));
    let mut lines = vec![
        "  # its headers: ETag, Digest-Coverage, Cache-Control".to_owned(),
        format!("  curl -sI '{digest}'"),
        "  # the digest".to_owned(),
        format!("  curl -s '{digest}' | gunzip | head -3"),
    ];
    if let Some(account) = account.filter(|account| *account != "-") {
        lines.extend([
            "  # a digest of one account alone: 202, and a moment later there it is".to_owned(),
            format!("  curl -si -X POST '{digest}&account={account}'"),
            format!("  curl -s -H 'Accept: text/plain' '{digest}&account={account}' | head -3"),
        ]);
    }
    lines.push("  # whether the service can work".to_owned());
    lines.push(format!("  curl -s '{url}/readyz'"));
    lines
}

/// This program as a shell finds it from here.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| "digesterd".into());
    let here = std::env::current_dir().unwrap_or_default();
    // A bare name would be looked for elsewhere.
    let shown = match path.strip_prefix(&here) {
        Ok(inside) if inside.components().count() > 1 => inside,
        _ => &path,
    };
    word(&shown.display().to_string())
}

/// One word for a shell.
fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(word("/tmp/digesterd-demo-x1"), "/tmp/digesterd-demo-x1");
        assert_eq!(word("/tmp/my demo"), "'/tmp/my demo'");
        assert_eq!(word("it's"), r"'it'\''s'");
    }
}
