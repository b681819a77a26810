//! What tables of interfaces say of a host's own: what it is, and how much of each window it reported.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use digest_core::SharedAddress;
use digest_tables::{InterfaceRow, InterfacesTable, TableReadError};
use serde::Serialize;

/// What is shown of an interface, by the table's columns.
const SHOWN: [&str; 6] = [
    "instance_id",
    "instance_tag",
    "interface_type",
    "ecs_service_name",
    "subnet_id",
    "vpc_id",
];

/// What is known of a host's interfaces.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Standing {
    /// Their ids, each with its account.
    pub interfaces: BTreeSet<String>,
    /// What they are, as told last.
    pub facts: BTreeMap<&'static str, String>,
    /// By digest: minutes reported, and rows by which AWS says that it lost records.
    #[serde(skip)]
    pub(crate) reported: BTreeMap<usize, (u64, u64)>,
}

/// Looks up the host in all tables, the later ones' word before that of the earlier.
pub(crate) fn standing(
    tables: &[(Option<usize>, InterfacesTable)],
    addresses: &[IpAddr],
    name: &str,
) -> Result<Standing, TableReadError> {
    let mut found = Standing::default();
    for (digest, table) in tables {
        for group in 0..table.groups() {
            for row in table.read(group)? {
                if is_of(&row, addresses, name) {
                    found.add(*digest, &row);
                }
            }
        }
    }
    Ok(found)
}

fn is_of(row: &InterfaceRow, addresses: &[IpAddr], name: &str) -> bool {
    let owns = |own: IpAddr| addresses.contains(&own);
    let v4 = matches!(row.ipv4, SharedAddress::One(own) if owns(own.into()));
    let v6 = matches!(row.ipv6, SharedAddress::One(own) if owns(own.into()));
    v4 || v6 || row.interface_id.as_deref() == Some(name.as_bytes())
}

impl Standing {
    fn add(&mut self, digest: Option<usize>, row: &InterfaceRow) {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        if let Some(interface) = &row.interface_id {
            let account = row
                .account_id
                .as_deref()
                .map(|account| format!(" of account {}", text(account)));
            self.interfaces
                .insert(text(interface) + &account.unwrap_or_default());
        }
        for name in SHOWN {
            if let Some(value) = row.fact(name) {
                self.facts.insert(name, text(value));
            }
        }
        if let Some(digest) = digest {
            let (minutes, lost) = self.reported.entry(digest).or_default();
            *minutes = row.minutes_reported.max(*minutes);
            *lost += row.skipdata_records;
        }
    }
}
