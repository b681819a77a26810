//! The scope of a digest: the accounts and regions whose flow logs it reads, both optional.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most accounts or regions that one scope may name.
const MOST_NAMES: usize = 256;
/// Longest account or region name.
const LONGEST_NAME: usize = 64;

/// Accounts and regions that narrow a digest, deduplicated and byte-sorted; empty means all.
///
/// Both are matched against the flow log's object key (its owner), never against a column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Scope {
    #[serde(rename = "account", default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<String>,
    #[serde(rename = "region", default, skip_serializing_if = "Vec::is_empty")]
    regions: Vec<String>,
}

/// Why a list of accounts or regions is no scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// A name is empty, too long or has a character that no account or region has.
    #[error("{kind} {name:?} is not a name of letters, digits and hyphens (1 to {LONGEST_NAME} of them)")]
    BadName {
        /// `account` or `region`.
        kind: &'static str,
        /// What was given (cut to 80 characters).
        name: String,
    },
    /// More names than a scope may have.
    #[error("{kind} names {count} values, at most {MOST_NAMES} are allowed")]
    TooMany {
        /// `account` or `region`.
        kind: &'static str,
        /// How many were given.
        count: usize,
    },
}

impl Scope {
    /// A scope from lists of names, in any order and with repeats.
    ///
    /// # Errors
    /// [`ScopeError`] for a name that cannot be an account or a region.
    pub fn new<A, R>(accounts: A, regions: R) -> Result<Self, ScopeError>
    where
        A: IntoIterator,
        A::Item: AsRef<str>,
        R: IntoIterator,
        R::Item: AsRef<str>,
    {
        Ok(Self {
            accounts: names("account", accounts)?,
            regions: names("region", regions)?,
        })
    }

    /// A scope from the query's values: each a comma list, or absent.
    ///
    /// # Errors
    /// [`ScopeError`]; a value that is given but empty is an empty name.
    pub fn parse(account: Option<&str>, region: Option<&str>) -> Result<Self, ScopeError> {
        let split = |list: Option<&str>| -> Vec<String> {
            list.map(|list| list.split(',').map(str::to_owned).collect())
                .unwrap_or_default()
        };
        Self::new(split(account), split(region))
    }

    /// The accounts, byte-sorted; empty means all.
    #[must_use]
    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// The regions, byte-sorted; empty means all.
    #[must_use]
    pub fn regions(&self) -> &[String] {
        &self.regions
    }

    /// Whether the scope narrows nothing.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.accounts.is_empty() && self.regions.is_empty()
    }

    /// Whether a flow log of this account and region is read.
    #[must_use]
    pub fn admits(&self, account: &str, region: &str) -> bool {
        let listed = |names: &[String], name: &str| {
            names.is_empty() || names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
        };
        listed(&self.accounts, account) && listed(&self.regions, region)
    }
}

/// Checks, sorts and deduplicates one list.
fn names<I>(kind: &'static str, given: I) -> Result<Vec<String>, ScopeError>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let mut names = Vec::new();
    for name in given {
        let name = name.as_ref().trim();
        let fits = !name.is_empty()
            && name.len() <= LONGEST_NAME
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !fits {
            return Err(ScopeError::BadName {
                kind,
                name: name.chars().take(80).collect(),
            });
        }
        names.push(name.to_owned());
    }
    if names.len() > MOST_NAMES {
        return Err(ScopeError::TooMany {
            kind,
            count: names.len(),
        });
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_and_deduplicates() {
        let scope = Scope::parse(Some("222222222222,111111111111,222222222222"), None).unwrap();
        assert_eq!(scope.accounts(), ["111111111111", "222222222222"]);
        assert!(scope.regions().is_empty());
    }

    #[test]
    fn admits_what_it_names_or_all() {
        assert!(Scope::default().admits("1", "eu-west-1"));
        let scope = Scope::parse(None, Some("us-east-1")).unwrap();
        assert!(scope.admits("1", "us-east-1"));
        assert!(!scope.admits("1", "us-east-2"));
    }

    #[test]
    fn refuses_names_that_could_leave_their_place() {
        for name in ["", "a,,b", "../x", "a b", "a/b", "é"] {
            assert!(Scope::parse(Some(name), None).is_err(), "{name:?}");
        }
    }
}
