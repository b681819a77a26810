//! `digesterd token`: makes a token for the API, and the line that lets it in.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use digesterd_process::tokens::{Right, Token, Tokens};

use crate::arguments::{TokenArguments, refused};
use crate::progress_bar::tell;
use crate::stdout;

/// Prints the token, which is kept nowhere, and its line where no file takes it.
pub(crate) fn run(arguments: &TokenArguments) -> anyhow::Result<()> {
    let rights: Vec<Right> = arguments.scope.iter().copied().map(Right::from).collect();
    let (secret, line) =
        Token::issue(&arguments.name, &rights, &arguments.account).map_err(|why| refused("token", why))?;
    if let Some(file) = &arguments.append {
        append(file, &line)?;
    }
    stdout::write(|out| {
        writeln!(out, "{}", secret.expose())?;
        match arguments.append {
            Some(_) => Ok(()),
            None => writeln!(out, "{line}"),
        }
    })?;
    match &arguments.append {
        Some(file) => tell(format!(
            "the token is shown this once; {} has its line",
            file.display()
        )),
        None => tell(
            "the token is shown this once; the second line is for the file that DIGEST_TOKENS_FILE names",
        ),
    }
    Ok(())
}

/// Appends a line to a file that has only sound ones, and not this name.
fn append(path: &Path, line: &Token) -> anyhow::Result<()> {
    let unusable = || format!("{} cannot be written", path.display());
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(unusable)?;
    let known = Tokens::open(path)?;
    anyhow::ensure!(
        !known.has(line.name()),
        "{} has a token of the name {} already: take its line away first",
        path.display(),
        line.name()
    );
    let before = std::fs::read(path).with_context(unusable)?;
    let separator = if before.is_empty() || before.ends_with(b"\n") {
        ""
    } else {
        "\n"
    };
    file.write_all(format!("{separator}{line}\n").as_bytes())
        .with_context(unusable)
}
