//! The API's bearer tokens: a file of their hashes, read again whenever it changes.
//!
//! One line a token: `NAME SHA256 SCOPES [ACCOUNTS]`, separated by blanks. `SHA256` is that of the whole token, in hex;
//! `SCOPES` is `read`, `create` or `read,create`; `ACCOUNTS` is a comma list of accounts that the token is bound to. Empty
//! lines and those that begin with `#` are passed over. The file holds nothing that opens anything: a token has 244 bits of
//! chance, so its plain hash tells nothing of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use digest_core::Scope;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use uuid::Uuid;

use crate::environment::Secret;
use crate::watch::watch;

/// What every token begins with, so that it is known where it does not belong.
pub const PREFIX: &str = "dgst_";
/// Longest name of a token.
const LONGEST_NAME: usize = 64;
/// Longest file that is read.
const MOST_BYTES: usize = 1 << 20;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Fetching and looking.
    Read,
    /// Asking for digests.
    Create,
}

/// One token as the file has it. Says nothing of the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    name: String,
    hash: [u8; 32],
    reads: bool,
    creates: bool,
    /// The accounts that it is bound to; empty: none.
    accounts: Vec<String>,
}

/// Why a file of tokens cannot be used.
#[derive(Debug, Error)]
pub enum TokensError {
    /// It cannot be read.
    #[error("the file of tokens {} cannot be read: {source} (set by DIGEST_TOKENS_FILE)", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A line is none of a token.
    #[error("{}, line {line}: {problem} (set by DIGEST_TOKENS_FILE)", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// The tokens that are taken now. Cheap to clone; every clone sees the same.
#[derive(Clone)]
pub struct Tokens {
    known: Arc<RwLock<Vec<Arc<Token>>>>,
}

impl Right {
    /// As the file spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
        }
    }
}

impl Token {
    /// A new token and what the file has to say of it.
    ///
    /// # Errors
    /// What is wrong with the name, the rights or the accounts.
    pub fn issue(name: &str, rights: &[Right], accounts: &[String]) -> Result<(Secret, Self), String> {
        let secret = format!("{PREFIX}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let line = Self {
            name: checked_name(name)?,
            hash: hash_of(&secret),
            reads: rights.contains(&Right::Read),
            creates: rights.contains(&Right::Create),
            accounts: checked_accounts(accounts)?,
        };
        if !line.reads && !line.creates {
            return Err("a token needs a scope: read, create or both".to_owned());
        }
        Ok((Secret::new(secret), line))
    }

    /// Its name, for logs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used for this.
    #[must_use]
    pub fn has(&self, right: Right) -> bool {
        match right {
            Right::Read => self.reads,
            Right::Create => self.creates,
        }
    }

    /// Whether it is bound to accounts.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// Whether a digest of this scope is inside the token's accounts.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        let asked = scope.accounts();
        !self.is_bound() || (!asked.is_empty() && asked.iter().all(|account| self.accounts.contains(account)))
    }

    fn read(line: &str) -> Result<Self, String> {
        let mut fields = line.split_whitespace();
        let (Some(name), Some(hash), Some(scopes)) = (fields.next(), fields.next(), fields.next()) else {
            return Err("is not NAME SHA256 SCOPES [ACCOUNTS]".to_owned());
        };
        let accounts: Vec<String> = match fields.next() {
            Some(list) => list.split(',').map(str::to_owned).collect(),
            None => Vec::new(),
        };
        if fields.next().is_some() {
            return Err("has more than NAME SHA256 SCOPES ACCOUNTS".to_owned());
        }
        let mut token = Self {
            name: checked_name(name)?,
            hash: read_hash(hash).ok_or("has no SHA-256 of 64 hex digits in its second field")?,
            reads: false,
            creates: false,
            // What stands in their place may be a token: it is not shown.
            accounts: checked_accounts(&accounts).map_err(
                |_| "has an account that is not a name of letters, digits and hyphens, or too many of them",
            )?,
        };
        for scope in scopes.split(',') {
            match scope {
                "read" => token.reads = true,
                "create" => token.creates = true,
                _ => return Err("has a scope that is neither read nor create".to_owned()),
            }
        }
        Ok(token)
    }
}

impl fmt::Display for Token {
    /// The line of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        for byte in self.hash {
            write!(f, "{byte:02x}")?;
        }
        let rights = [Right::Read, Right::Create]
            .into_iter()
            .filter(|right| self.has(*right));
        let rights: Vec<&str> = rights.map(Right::as_str).collect();
        write!(f, " {}", rights.join(","))?;
        if self.is_bound() {
            write!(f, " {}", self.accounts.join(","))?;
        }
        Ok(())
    }
}

impl Tokens {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn open(path: &Path) -> Result<Self, TokensError> {
        let bytes = std::fs::read(path).map_err(|source| TokensError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            known: Arc::new(RwLock::new(read(path, &bytes)?)),
        })
    }

    /// Reads the file again whenever it changes, for as long as the runtime lives. One that cannot be read changes nothing: the
    /// log says so, and the tokens of before go on.
    pub fn keep_up(&self, path: &Path) {
        let (known, file) = (Arc::clone(&self.known), path.to_owned());
        watch([path.to_owned()], "tokens", move |[bytes]| {
            let tokens = read(&file, &bytes).map_err(|error| error.to_string())?;
            *known.write().unwrap_or_else(PoisonError::into_inner) = tokens;
            Ok(())
        });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether one has this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|token| token.name == name)
    }

    /// Whether there is none, so that nobody may come in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token that was presented, if it is one. Takes the same time whichever it is, and however much of it is right.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<Arc<Token>> {
        let hash = hash_of(presented);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = u64::MAX;
        for (place, token) in (0_u64..).zip(known.iter()) {
            let same: Choice = token.hash.ct_eq(&hash);
            found.conditional_assign(&place, same);
        }
        usize::try_from(found)
            .ok()
            .and_then(|place| known.get(place))
            .cloned()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.len())
    }
}

/// Whether two secrets are the same, in a time that tells nothing of where they differ.
pub(crate) fn same_secret(left: &str, right: &str) -> bool {
    hash_of(left).ct_eq(&hash_of(right)).into()
}

/// A text without the tokens in it, for logs.
pub(crate) fn redacted(text: &str) -> String {
    let mut parts = text.split(PREFIX);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("***");
        shown.push_str(part.trim_start_matches(|character: char| character.is_ascii_alphanumeric()));
    }
    shown
}

pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Arc<Token>>, TokensError> {
    let at = |line, problem: &str| TokensError::Line {
        path: path.to_owned(),
        line,
        problem: problem.to_owned(),
    };
    if bytes.len() > MOST_BYTES {
        return Err(at(1, "the file is longer than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| at(1, "the file is not valid UTF-8"))?;
    let mut tokens: Vec<Arc<Token>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let token = Token::read(line).map_err(|problem| at(number, &problem))?;
        let twice = tokens
            .iter()
            .any(|other| other.name == token.name || other.hash == token.hash);
        if twice {
            return Err(at(number, "has the name or the token of a line above"));
        }
        tokens.push(Arc::new(token));
    }
    if tokens.is_empty() {
        tracing::warn!(path = %path.display(), "the file has no tokens: nobody may come in");
    }
    Ok(tokens)
}

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn read_hash(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(hash)
}

fn checked_name(name: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // A token in the place of its name would be shown in the log.
    let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain) && !name.contains(PREFIX);
    fits.then(|| name.to_owned())
        .ok_or_else(|| format!("has no name of letters, digits, - _ and . (1 to {LONGEST_NAME} of them)"))
}

fn checked_accounts(accounts: &[String]) -> Result<Vec<String>, String> {
    let scope = Scope::new(accounts, Vec::<String>::new()).map_err(|error| error.to_string())?;
    Ok(scope.accounts().to_vec())
}

#[cfg(test)]
mod tests;
