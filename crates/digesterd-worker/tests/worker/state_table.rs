//! The table of states in `docs/semantics.md`: every combination is a cell, and each is one row's.

/// What a record can be.
const RECORDS: [&str; 9] = [
    "none", "claimed", "queued", "paused", "building", "again", "stored", "failed", "broken",
];
const MARKERS: [&str; 3] = ["none", "live", "expired"];
const DIGESTS: [&str; 2] = ["none", "there"];
const MANIFESTS: [&str; 3] = ["none", "named", "attempt"];
const LEASES: [&str; 2] = ["running", "over"];
/// Columns that say what stands in the buckets; the others say what comes of it.
const STANDING: usize = 5;

/// One combination, and what the table says of it.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) record: &'static str,
    pub(crate) marker: &'static str,
    pub(crate) digest: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) lease: &'static str,
    /// By the names of the columns.
    outcomes: Vec<(String, String)>,
}

impl Cell {
    /// What the table says in this column.
    pub(crate) fn outcome(&self, column: &str) -> &str {
        let found = self.outcomes.iter().find(|(name, _)| name == column);
        &found.unwrap_or_else(|| panic!("no column {column}")).1
    }
}

fn cells_of(line: &str) -> Vec<String> {
    let line = line.trim().trim_matches('|');
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Every combination that there can be. An attempt's manifest without a record is nobody's.
pub(crate) fn cells() -> Vec<Cell> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/semantics.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut lines = page
        .lines()
        .skip_while(|line| !line.starts_with("| record | marker |"));
    let head = cells_of(lines.next().unwrap());
    let rows: Vec<Vec<String>> = lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(cells_of)
        .collect();
    assert!(rows.len() > 20, "the table is not read");
    let mut cells = Vec::new();
    for record in RECORDS {
        for (marker, digest) in MARKERS
            .iter()
            .flat_map(|marker| DIGESTS.map(|digest| (*marker, digest)))
        {
            for (manifest, lease) in MANIFESTS
                .iter()
                .flat_map(|manifest| LEASES.map(|lease| (*manifest, lease)))
            {
                if record == "none" && (manifest == "attempt" || lease == "over") {
                    continue;
                }
                let place = [record, marker, digest, manifest, lease];
                let is_of = |row: &&Vec<String>| {
                    row.iter()
                        .zip(place)
                        .all(|(said, is)| said == "any" || said.split(", ").any(|one| one == is))
                };
                let of: Vec<_> = rows.iter().filter(is_of).collect();
                assert_eq!(of.len(), 1, "{place:?} is in {} rows", of.len());
                let outcomes = head.iter().cloned().zip(of[0].iter().cloned()).skip(STANDING);
                cells.push(Cell {
                    record,
                    marker,
                    digest,
                    manifest,
                    lease,
                    outcomes: outcomes.collect(),
                });
            }
        }
    }
    cells
}
