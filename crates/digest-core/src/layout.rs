//! Which column of a row is which field: by the header above it, or the format of rows that have none.

use std::fmt;
use std::sync::Arc;

use crate::address::Address;
use crate::error::{LayoutFault, RowFault, quoted};
use crate::fact::{self, FactColumn};
use crate::field::{ATTACHMENT, DEFAULT_FORMAT, Field, KnownField, USED};
use crate::number::is_number;
use crate::sighting::Sightings;

/// A column whose field is not used.
const UNUSED: u8 = u8::MAX;
/// The same, of a field that an interface's rows share.
const STEADY: u8 = u8::MAX - 1;

/// Known names that no line of words has by chance; and how many unknown ones a message shows.
const SEVERAL: usize = 3;

/// Columns without which there is no edge to count; one of start and end is needed besides.
const NEEDED: [Field; 5] = [
    Field::SrcAddr,
    Field::DstAddr,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
];

/// The columns of rows: those of a header, which are in force until another header changes them, or of rows that have
/// none above them.
#[derive(Clone, PartialEq, Eq)]
pub struct Layout {
    /// Per column, the field it holds, [`UNUSED`] or [`STEADY`].
    columns: Vec<u8>,
    /// Which fields the layout has, a bit each.
    fields: u32,
    /// What it is from, for messages.
    origin: Origin,
    /// Names that no field has.
    unknown: Arc<[String]>,
    /// The format as AWS shows it, where the layout is from one.
    format: Option<Arc<str>>,
    /// Which rows of a transit gateway tell of a flow a second time.
    sightings: Sightings,
    /// The latest version that brought one of its fields.
    version: u8,
    /// Its columns that say something of the interface, by the facts' order.
    facts: Arc<[FactColumn]>,
}

/// What a layout is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Default,
    Format,
    Header,
    Schema,
}

/// The tokens of one row that are used, each in the place of its field; empty where the layout has no such column.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    tokens: [&'a [u8]; USED],
}

impl Default for Layout {
    /// The default format of VPC flow logs (version 2).
    fn default() -> Self {
        Self {
            columns: DEFAULT_FORMAT.iter().map(|&field| field as u8).collect(),
            fields: DEFAULT_FORMAT
                .iter()
                .fold(0, |fields, &field| fields | bit(field)),
            origin: Origin::Default,
            unknown: Arc::default(),
            format: None,
            sightings: Sightings::Apart,
            version: 2,
            facts: Arc::default(),
        }
    }
}

impl Layout {
    /// The layout of a format as AWS shows it (`${version} ${account-id} …`); names may also stand there bare, as in
    /// a header.
    ///
    /// # Errors
    /// [`LayoutFault`] where no digest can be made of such rows.
    pub fn of_format(format: &str) -> Result<Self, LayoutFault> {
        let bare = |name: &'_ str| {
            let inner = name.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
            inner.unwrap_or(name).as_bytes().to_vec()
        };
        let names: Vec<Vec<u8>> = format.split_ascii_whitespace().map(bare).collect();
        let mut layout = Self::of_names(names.iter().map(Vec::as_slice), Origin::Format)?;
        let shown = |name: &Vec<u8>| format!("${{{}}}", String::from_utf8_lossy(name));
        layout.format = Some(names.iter().map(shown).collect::<Vec<_>>().join(" ").into());
        Ok(layout)
    }

    /// The format as AWS shows it; `None`: the default format, or a header.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// How new the format is: the latest version of the flow logs' fields that it needs, and then how many of its columns
    /// are known. A format stays as it is as long as its flow log lives.
    #[must_use]
    pub fn novelty(&self) -> (u8, usize) {
        (self.version, self.columns.len() - self.unknown.len())
    }

    /// Refuses more columns than so many.
    pub(crate) fn within(&self, most: usize) -> Result<(), LayoutFault> {
        if self.columns.len() > most {
            return Err(LayoutFault::TooMany(self.origin(), most));
        }
        Ok(())
    }

    /// The layout that a header line names; unknown names are columns that are not used.
    pub(crate) fn from_header(line: &[u8]) -> Result<Self, LayoutFault> {
        Self::of_names(tokens(line), Origin::Header)
    }

    fn of_names<'a>(names: impl Iterator<Item = &'a [u8]>, origin: Origin) -> Result<Self, LayoutFault> {
        let mut layout = Self {
            columns: Vec::new(),
            fields: 0,
            origin,
            ..Self::default()
        };
        let (mut unknown, mut attachment, mut is_gateways) = (Vec::new(), None, false);
        let mut facts: Vec<FactColumn> = Vec::new();
        for name in names {
            let known = KnownField::of_name(name);
            let fact = known.and_then(KnownField::fact);
            let used = known.and_then(KnownField::used).filter(|_| fact.is_none());
            if let Some(field) = used {
                if layout.has(field) {
                    return Err(LayoutFault::Twice(layout.origin(), field.name()));
                }
                layout.fields |= bit(field);
            }
            match known {
                None => unknown.push(quoted(name)),
                Some(known) => {
                    is_gateways |= known.in_vpc.is_none();
                    layout.version = layout.version.max(known.since);
                    if known.name == ATTACHMENT && attachment.replace(layout.columns.len()).is_some() {
                        return Err(LayoutFault::Twice(layout.origin(), ATTACHMENT));
                    }
                }
            }
            let unused = match fact {
                Some(fact) => {
                    let column = layout.columns.len();
                    // Of two columns of one name the last tells.
                    facts.retain(|known| known.fact != fact);
                    facts.push(FactColumn { column, fact });
                    STEADY
                }
                None => UNUSED,
            };
            layout.columns.push(used.map_or(unused, |field| field as u8));
        }
        layout.unknown = unknown.into();
        layout.check()?;
        if is_gateways && !layout.has(Field::InterfaceId) {
            layout.of_gateway(attachment)?;
        }
        if !layout.has(Field::InterfaceId) {
            layout.tell_edges_apart(&mut facts);
        }
        facts.sort_unstable_by_key(|known| known.fact);
        layout.facts = facts.into();
        Ok(layout)
    }

    /// Takes from the facts those by which edges are told apart for want of an interface that they could be told of: their
    /// columns are fields of rows from here on.
    fn tell_edges_apart(&mut self, facts: &mut Vec<FactColumn>) {
        facts.retain(|known| {
            let field = fact::OF_EDGES.iter().find(|(_, fact)| *fact == known.fact);
            let Some((&(field, _), column)) = field.zip(self.columns.get_mut(known.column)) else {
                return true;
            };
            *column = field as u8;
            self.fields |= bit(field);
            false
        });
    }

    /// Whether a column is not used and nearly always the same in an interface's rows.
    pub(crate) fn is_steady(&self, column: usize) -> bool {
        self.columns.get(column) == Some(&STEADY)
    }

    /// The columns that say something of the interface.
    #[inline]
    pub(crate) fn facts(&self) -> &Arc<[FactColumn]> {
        &self.facts
    }

    /// The layout of a table whose columns have these names; underscores stand in for hyphens there.
    pub(crate) fn of_table(names: &[String]) -> Result<Self, LayoutFault> {
        let names: Vec<String> = names.iter().map(|name| name.replace('_', "-")).collect();
        Self::of_names(names.iter().map(String::as_bytes), Origin::Schema)
    }

    /// A transit gateway's records have no interface: the attachment stands in for it.
    fn of_gateway(&mut self, attachment: Option<usize>) -> Result<(), LayoutFault> {
        if let Some(column) = attachment.and_then(|at| self.columns.get_mut(at)) {
            *column = Field::InterfaceId as u8;
            self.fields |= bit(Field::InterfaceId);
        }
        self.sightings = Sightings::of(
            self.column(Field::InterfaceId),
            self.column(Field::PairAttachment),
            self.column(Field::FlowDirection),
        )
        .ok_or(LayoutFault::Sightings(self.origin()))?;
        Ok(())
    }

    /// The field that says when a record is: its start, or where the layout lacks it, its end.
    #[inline]
    pub(crate) fn time(&self) -> Field {
        if self.has(Field::Start) {
            Field::Start
        } else {
            Field::End
        }
    }

    /// Whether the layout has a column for this field.
    #[inline]
    pub(crate) fn has(&self, field: Field) -> bool {
        self.fields & bit(field) != 0
    }

    /// Whether rows carry ports: one without the other cannot be folded.
    #[inline]
    pub(crate) fn has_ports(&self) -> bool {
        self.has(Field::SrcPort) && self.has(Field::DstPort)
    }

    /// The column that holds a field.
    pub(crate) fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|&column| column == field as u8)
    }

    /// The field that a column holds, if it is used.
    pub(crate) fn field(&self, column: usize) -> Option<Field> {
        let held = self.columns.get(column)?;
        Field::ALL.into_iter().find(|&field| field as u8 == *held)
    }

    /// How many columns rows must have.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Where the layout is from, for messages.
    pub(crate) fn origin(&self) -> &'static str {
        match self.origin {
            Origin::Default => "default format",
            Origin::Format => "VPC_FLOW_LOGS_FORMAT",
            Origin::Header => "header",
            Origin::Schema => "Parquet schema",
        }
    }

    /// Names of columns that no field has, as they stand there (cut).
    pub(crate) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Which rows tell of a flow a second time.
    #[inline]
    pub(crate) fn sightings(&self) -> Sightings {
        self.sightings
    }

    /// Splits a row into its fields; `Err` is the number of tokens found where it is not the layout's.
    #[inline]
    pub(crate) fn split<'a>(&self, line: &'a [u8]) -> Result<Row<'a>, usize> {
        let mut row = Row { tokens: [&[]; USED] };
        let mut found = 0;
        for token in tokens(line) {
            if let Some(place) = self
                .columns
                .get(found)
                .and_then(|&column| row.tokens.get_mut(usize::from(column)))
            {
                *place = token;
            }
            found += 1;
        }
        if found == self.columns.len() {
            Ok(row)
        } else {
            Err(found)
        }
    }

    fn check(&self) -> Result<(), LayoutFault> {
        let mut missing: Vec<&'static str> = NEEDED
            .iter()
            .filter(|&&field| !self.has(field))
            .map(|field| field.name())
            .collect();
        if !self.has(Field::Start) && !self.has(Field::End) {
            missing.extend([Field::Start.name(), Field::End.name()]);
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(LayoutFault::Missing(self.origin(), missing))
        }
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({}, {} columns)", self.origin(), self.columns.len())
    }
}

impl<'a> Row<'a> {
    /// A row of these values.
    pub(crate) fn of(values: impl Iterator<Item = (Field, &'a [u8])>) -> Self {
        let mut row = Self { tokens: [&[]; USED] };
        for (field, value) in values {
            if let Some(place) = row.tokens.get_mut(field as usize) {
                *place = value;
            }
        }
        row
    }

    /// The token of a field; empty where the layout lacks it.
    #[inline]
    pub(crate) fn get(&self, field: Field) -> &'a [u8] {
        self.tokens.get(field as usize).copied().unwrap_or_default()
    }
}

/// The tokens of a line: what stands between runs of blanks (space, tab, carriage return).
#[inline]
pub(crate) fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
        .filter(|token| !token.is_empty())
}

/// Whether a line is a header: more than half of its tokens are known field names and none is a number or an
/// address.
pub(crate) fn is_header(line: &[u8]) -> bool {
    names(line).is_some_and(|(known, all)| known * 2 > all)
}

/// What is wrong with a line that looks like a header of another kind of log: it has a flow log's names, but too few, and
/// nothing that only a row has.
#[cold]
pub(crate) fn strange_header(line: &[u8]) -> Option<RowFault> {
    let (known, all) = names(line)?;
    let unknown = tokens(line).filter(|token| KnownField::of_name(token).is_none());
    (known >= SEVERAL && known * 2 <= all).then(|| RowFault::StrangeHeader {
        known,
        all,
        unknown: unknown.take(SEVERAL).map(quoted).collect(),
    })
}

/// How many of a line's tokens are known field names, and how many there are; `None` where one is a number or an address.
fn names(line: &[u8]) -> Option<(usize, usize)> {
    let (mut known, mut all) = (0usize, 0usize);
    for token in tokens(line) {
        if is_number(token) || Address::parse(token).is_some() {
            return None;
        }
        all += 1;
        known += usize::from(KnownField::of_name(token).is_some());
    }
    Some((known, all))
}

/// Each field has a bit of its own.
const _: () = assert!(USED <= u32::BITS as usize);

fn bit(field: Field) -> u32 {
    1 << (field as u32)
}

#[cfg(test)]
mod tests;
