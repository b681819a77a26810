//! The columns of the table of interfaces: what stands in them, and what is known of an interface goes where.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use digest_core::{FACTS, InterfaceFacts, SharedAddress};

use crate::column::AnyColumn;
use crate::numbers::{Near, Written, signed};
use crate::origins::Origins;
use crate::tags::decoded;
use crate::texts::{Texts, named};

/// Columns before and behind those of the facts: names, and whether they are numbers that are never null.
const BEFORE: [(&str, Kind); 6] = [
    ("account_id", Kind::Text),
    ("region", Kind::Text),
    ("interface_id", Kind::Text),
    ("ipv4_address", Kind::Text),
    ("ipv4_number", Kind::Number),
    ("ipv6_address", Kind::Text),
];
const BEHIND: [(&str, Kind); 9] = [
    ("changed", Kind::Text),
    ("flow_log_ids", Kind::Text),
    ("ok_records", Kind::Count),
    ("nodata_records", Kind::Count),
    ("skipdata_records", Kind::Count),
    ("minutes_reported", Kind::Count),
    ("reported", Kind::Text),
    ("first_seen", Kind::Count),
    ("last_seen", Kind::Count),
];
/// The fact that stands among the first columns.
pub(crate) const REGION: &str = "region";

/// Columns with a bloom filter: what is asked for by its one value.
pub(crate) const FILTERED: [&str; 4] = ["interface_id", "ipv4_address", "ipv6_address", "instance_id"];

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// A number in every row.
    Count,
}

/// The table's schema, for the crate's parser.
pub(crate) fn schema() -> String {
    let mut schema = "message interfaces {\n".to_owned();
    let facts = facts().map(|(_, name)| (column_of(name), Kind::Text));
    let named = |columns: &[(&str, Kind)]| -> Vec<(String, Kind)> {
        columns
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect()
    };
    for (name, kind) in named(&BEFORE).into_iter().chain(facts).chain(named(&BEHIND)) {
        // Writing to a string cannot fail.
        let _ = match kind {
            Kind::Text => writeln!(schema, "    optional binary {name} (string);"),
            Kind::Number => writeln!(schema, "    optional int64 {name};"),
            Kind::Count => writeln!(schema, "    required int64 {name};"),
        };
    }
    schema.push('}');
    schema
}

/// The facts that have columns of their own, with their places.
pub(crate) fn facts() -> impl Iterator<Item = (usize, &'static str)> {
    let all = FACTS.iter().enumerate();
    all.filter_map(|(place, name)| (*name != REGION).then_some((place, *name)))
}

/// The column of a fact.
pub(crate) fn column_of(fact: &str) -> String {
    fact.replace('-', "_")
}

/// The columns of some interfaces.
#[derive(Debug)]
pub(crate) struct InterfaceColumns {
    rows: u32,
    account_id: Texts,
    region: Texts,
    interface_id: Texts,
    ipv4_address: Texts,
    ipv4_number: Near,
    ipv6_address: Texts,
    facts: Vec<Texts>,
    changed: Texts,
    flow_log_ids: Texts,
    ok_records: Near,
    nodata_records: Near,
    skipdata_records: Near,
    minutes_reported: Near,
    reported: Texts,
    first_seen: Near,
    last_seen: Near,
}

impl Default for InterfaceColumns {
    fn default() -> Self {
        let number = || Near::small(Written::Int64);
        Self {
            rows: 0,
            account_id: Texts::default(),
            region: Texts::default(),
            interface_id: Texts::default(),
            ipv4_address: Texts::default(),
            ipv4_number: number(),
            ipv6_address: Texts::default(),
            facts: facts().map(|_| Texts::default()).collect(),
            changed: Texts::default(),
            flow_log_ids: Texts::default(),
            ok_records: number(),
            nodata_records: number(),
            skipdata_records: number(),
            minutes_reported: number(),
            reported: Texts::default(),
            first_seen: Near::around_the_first(),
            last_seen: Near::around_the_first(),
        }
    }
}

impl InterfaceColumns {
    /// Rows that were pushed.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The next row: an interface, whose records were delivered there. Gives the bytes of the text that is peculiar to it, about.
    pub(crate) fn push(&mut self, one: &InterfaceFacts<'_>, origins: &Origins) -> usize {
        let row = self.rows;
        let origin = origins.of(one.interface_id);
        let account = named(one.account_id).or(origin.account.map(str::as_bytes));
        self.account_id.push_option(row, account);
        let told = FACTS.iter().position(|fact| *fact == REGION);
        let told = told.and_then(|place| one.fact(place));
        self.region
            .push_option(row, origin.region.map(str::as_bytes).or(told));
        self.interface_id.push_option(row, named(one.interface_id));
        self.push_addresses(one.ipv4, one.ipv6);
        let mut bytes = self.push_facts(row, one);
        bytes += self.push_reported(&one.reported);
        let changed: Vec<String> = one.changed().map(column_of).collect();
        self.changed.push_option(row, filled(&changed.join(",")));
        self.flow_log_ids
            .push_option(row, filled(&origins.flow_logs(one.interface_id).join(",")));
        self.ok_records.push(row, signed(one.records));
        self.nodata_records.push(row, signed(one.no_data));
        self.skipdata_records.push(row, signed(one.skip_data));
        self.minutes_reported.push(row, signed(one.minutes));
        let (first, last) = one.seen.unwrap_or_default();
        self.first_seen.push(row, first);
        self.last_seen.push(row, last);
        self.rows += 1;
        bytes
    }

    fn push_facts(&mut self, row: u32, one: &InterfaceFacts<'_>) -> usize {
        let mut bytes = 0;
        for ((place, name), column) in facts().zip(&mut self.facts) {
            let told = one.fact(place);
            let is_tag = name.contains("-tag");
            let told = told.map(|value| if is_tag { decoded(value) } else { value.into() });
            bytes += told.as_ref().map_or(0, |value| value.len());
            column.push_option(row, told.as_deref());
        }
        bytes
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.all().into_iter().for_each(AnyColumn::clear);
        self.rows = 0;
    }

    /// What the records of the next row have in common.
    fn push_addresses(&mut self, ipv4: SharedAddress<Ipv4Addr>, ipv6: SharedAddress<Ipv6Addr>) {
        let number = match ipv4 {
            SharedAddress::One(address) => Some(i64::from(Ipv4Addr::to_bits(address))),
            _ => None,
        };
        self.ipv4_address.push_option(self.rows, common(ipv4).as_deref());
        self.ipv4_number.push_option(self.rows, number);
        self.ipv6_address.push_option(self.rows, common(ipv6).as_deref());
    }

    /// The minutes of the next row. Gives the bytes of their text.
    fn push_reported(&mut self, spans: &[(i64, i64)]) -> usize {
        let mut text = String::new();
        for (from, to) in spans {
            let comma = if text.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{from}-{to}");
        }
        self.reported.push_option(self.rows, filled(&text));
        text.len()
    }

    /// All columns, in the schema's order.
    pub(crate) fn all(&mut self) -> Vec<&mut dyn AnyColumn> {
        let mut all: Vec<&mut dyn AnyColumn> = vec![
            &mut self.account_id,
            &mut self.region,
            &mut self.interface_id,
            &mut self.ipv4_address,
            &mut self.ipv4_number,
            &mut self.ipv6_address,
        ];
        all.extend(self.facts.iter_mut().map(|column| column as &mut dyn AnyColumn));
        let behind: [&mut dyn AnyColumn; 9] = [
            &mut self.changed,
            &mut self.flow_log_ids,
            &mut self.ok_records,
            &mut self.nodata_records,
            &mut self.skipdata_records,
            &mut self.minutes_reported,
            &mut self.reported,
            &mut self.first_seen,
            &mut self.last_seen,
        ];
        all.extend(behind);
        all
    }
}

/// Addresses in common: none of this family seen is null, none in common is empty.
fn common<A: ToString>(common: SharedAddress<A>) -> Option<Vec<u8>> {
    let text = match common {
        SharedAddress::Unseen => return None,
        SharedAddress::None => String::new(),
        SharedAddress::One(one) => one.to_string(),
        SharedAddress::Two(one, other) => format!("{},{}", one.to_string(), other.to_string()),
    };
    Some(text.into_bytes())
}

fn filled(text: &str) -> Option<&[u8]> {
    Some(text.as_bytes()).filter(|text| !text.is_empty())
}

mod rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_place() {
        let schema = schema();
        let names = schema
            .lines()
            .filter(|line| line.trim_start().starts_with(['o', 'r']));
        assert_eq!(names.count(), InterfaceColumns::default().all().len());
        for name in FILTERED {
            assert!(schema.contains(&format!(" {name} ")), "{name}");
        }
    }

    #[test]
    fn addresses_in_common_are_told_apart_from_none() {
        let shown = |common: SharedAddress<Ipv4Addr>| {
            super::common(common).map(|text| String::from_utf8(text).unwrap())
        };
        let [one, other] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
        assert_eq!(shown(SharedAddress::Unseen), None);
        assert_eq!(shown(SharedAddress::None).as_deref(), Some(""));
        assert_eq!(shown(SharedAddress::One(one)).as_deref(), Some("10.0.0.1"));
        assert_eq!(
            shown(SharedAddress::Two(one, other)).as_deref(),
            Some("10.0.0.1,10.0.0.2")
        );
    }
}
