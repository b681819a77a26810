//! Arguments of `token`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use digesterd_process::tokens::Right;

/// Arguments of `token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArguments {
    /// Name of the token, which logs show: letters, digits, - _ and .
    pub name: String,
    /// What it is good for (a comma list)
    #[arg(long, value_name = "SCOPES", required = true, value_delimiter = ',')]
    pub scope: Vec<TokenScope>,
    /// Accounts that it is bound to (a comma list): it may ask for digests of these alone
    #[arg(long, value_name = "ACCOUNTS", value_delimiter = ',')]
    pub account: Vec<String>,
    /// Append the line to this file, in place of printing it; the file is made where there is none
    #[arg(long, value_name = "FILE")]
    pub append: Option<PathBuf>,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenScope {
    /// Fetching and looking
    Read,
    /// Asking for digests
    Create,
}

impl From<TokenScope> for Right {
    fn from(scope: TokenScope) -> Self {
        match scope {
            TokenScope::Read => Self::Read,
            TokenScope::Create => Self::Create,
        }
    }
}
