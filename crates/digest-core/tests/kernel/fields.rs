//! `docs/fields.md` says of every field what the code says.

use std::fmt::Write as _;
use std::fs;

use digest_core::{FIELDS, FieldType};

/// The table as the code has it.
fn table() -> String {
    let mut table =
        "| field | version | VPC | transit gateway | Parquet column | type | what it says |\n".to_owned();
    table.push_str("|---|---|---|---|---|---|---|\n");
    for field in FIELDS {
        let place = |place: Option<u8>| place.map_or("–".to_owned(), |place| place.to_string());
        let values = match field.values {
            FieldType::Text => "STRING",
            FieldType::Int32 => "INT_32",
            FieldType::Int64 => "INT_64",
        };
        writeln!(
            table,
            "| `{}` | {} | {} | {} | `{}` | {values} | {} |",
            field.name,
            field.since,
            place(field.in_vpc),
            place(field.in_gateway),
            field.column(),
            field.meaning
        )
        .unwrap();
    }
    table
}

#[test]
fn the_documentation_lists_the_same_fields() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fields.md");
    let page = fs::read_to_string(page).unwrap();
    let listed: String = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        listed,
        table(),
        "docs/fields.md should have this table:\n{}",
        table()
    );
}
