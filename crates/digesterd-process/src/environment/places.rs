//! A bucket variable that names several places: `VPC_FLOW_LOGS_BUCKET` is a comma list, and its `…_REGION`, `…_ROLE` and
//! `…_ROLE_EXTERNAL_ID` are lists in the same order, or one value for all.

use super::buckets::{BucketSettings, Companions, Names};
use super::{Bucket, Reader, Secret};

impl BucketSettings {
    /// The same for a program that can do without: `Some(None)` where none are named.
    #[must_use]
    pub fn read_flow_logs_if_set(reader: &Reader<'_>) -> Option<Option<Vec<Self>>> {
        match reader.has(Bucket::FlowLogs.variable()) {
            true => Self::read_flow_logs(reader).map(Some),
            false => Some(None),
        }
    }

    /// Reads the places of the flow logs; `None` and a note for each variable at fault.
    #[must_use]
    pub fn read_flow_logs(reader: &Reader<'_>) -> Option<Vec<Self>> {
        let bucket = Bucket::FlowLogs;
        let names = bucket.names();
        let raw = Self::raw(reader, bucket);
        let text = reader.required(names.place, raw.place, |text| Ok(text.to_owned()))?;
        let texts: Vec<&str> = text.split(',').map(str::trim).collect();
        let count = texts.len();
        if count > 1 && texts.iter().any(|text| text.is_empty()) {
            reader.note(names.place, "has an empty item in its list");
            return None;
        }
        let regions = each(reader, names.region, raw.region, &names, count, Split::Always);
        let roles = each(reader, names.role, raw.role, &names, count, Split::WhereArns);
        let ids = each(
            reader,
            names.external_id,
            raw.role_external_id,
            &names,
            count,
            Split::WhereSeveral,
        );
        let mut settings: Vec<Option<Self>> = Vec::new();
        let (regions, roles, ids) = (regions?, roles?, ids?);
        let one_for_all = ids.one_for_all;
        let companions = regions.items.into_iter().zip(roles.items).zip(ids.items);
        for (text, ((region, role), external_id)) in texts.into_iter().zip(companions) {
            // One external id for all is for those that have a role.
            let external_id = external_id.filter(|_| role.is_some() || !(one_for_all && count > 1));
            let companions = Companions {
                region,
                role,
                external_id: external_id.map(Secret::new),
            };
            settings.push(Self::read_one(reader, bucket, Some(text.to_owned()), companions));
        }
        let settings: Vec<Self> = settings.into_iter().collect::<Option<_>>()?;
        for (at, one) in settings.iter().enumerate() {
            if settings.iter().take(at).any(|other| other.place == one.place) {
                reader.note(names.place, format!("names {} twice", one.place));
                return None;
            }
        }
        Some(settings)
    }
}

/// When the commas of a value part it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Split {
    Always,
    /// The names of roles may have commas; one alone is taken whole.
    WhereArns,
    /// External ids may have commas; that of one place is taken whole.
    WhereSeveral,
}

/// A value for each place.
struct Each {
    items: Vec<Option<String>>,
    one_for_all: bool,
}

/// A companion variable's value for each of `count` places; an empty item is none.
fn each(
    reader: &Reader<'_>,
    name: &'static str,
    text: Option<String>,
    names: &Names,
    count: usize,
    split: Split,
) -> Option<Each> {
    let items = match text {
        None => vec![None],
        Some(text) => {
            let whole = match split {
                Split::Always => false,
                Split::WhereArns => count == 1 && !text.contains(",arn:"),
                Split::WhereSeveral => count == 1,
            };
            let item = |item: &str| Some(item.trim().to_owned()).filter(|item| !item.is_empty());
            if whole {
                vec![item(&text)]
            } else {
                text.split(',').map(item).collect()
            }
        }
    };
    match items.len() {
        1 => Some(Each {
            items: vec![items.into_iter().next().flatten(); count],
            one_for_all: true,
        }),
        length if length == count => Some(Each {
            items,
            one_for_all: false,
        }),
        length => {
            reader.note(
                name,
                format!(
                    "has {length} items, and {} has {count}: give one for each place in the same order, or one for all",
                    names.place
                ),
            );
            None
        }
    }
}
