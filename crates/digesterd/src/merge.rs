//! `digesterd merge`: digests of adjacent windows as the digest of all of them; their tables likewise.

use std::io::BufWriter;

use anyhow::{Context, bail};
use digest_core::{Coverage, Manifest};
use digest_insight::merge;
use digesterd_process::environment::Environment;

use crate::arguments::MergeArguments;
use crate::output::{Output, is_gzip};
use crate::progress_bar::tell;
use crate::stored::{Named, Shelf, manifest, sorted};
use crate::units::{bytes, counted, grouped};

mod tables;

/// Merges, or says why that would give no digest.
pub(crate) async fn run(arguments: &MergeArguments, environment: &Environment) -> anyhow::Result<()> {
    let named: Result<Vec<Named>, clap::Error> = arguments
        .digests
        .iter()
        .map(|text| Named::of(text, "merge"))
        .collect();
    let named = named?;
    let names: Vec<&Named> = named.iter().collect();
    let shelf = Shelf::open(&names, &arguments.from, environment).await?;
    let mut manifests = Vec::new();
    for one in &named {
        manifests.push((one, manifest(one, shelf.as_ref()).await?));
    }
    refuse_unlike(&manifests, arguments.allow_unknown)?;
    if tables::are_tables(arguments, &named)? {
        let known = manifests
            .into_iter()
            .map(|(named, manifest)| (named.clone(), manifest));
        return tables::run(arguments, known.collect(), shelf.as_ref()).await;
    }
    let output = Output::open(arguments.output.as_deref())?;
    output.remove_on_signals()?;
    let gzip = arguments.output.as_deref().is_some_and(is_gzip);
    let mut digests = Vec::new();
    for one in &named {
        digests.push(sorted(one, shelf.as_ref()).await?);
    }
    let merged = tokio::task::spawn_blocking(move || {
        output.write_with(|out| {
            let merged = merge(digests, BufWriter::with_capacity(256 << 10, out), gzip);
            merged.map_err(anyhow::Error::from)
        })
    });
    let Some(merged) = merged.await?.context("the digests cannot be merged")? else {
        return Ok(());
    };
    tell(format!(
        "{} from {} of {}, {} of text",
        counted(merged.text.lines, "edge"),
        counted(merged.read, "line"),
        counted(named.len() as u64, "digest"),
        bytes(merged.text.bytes.into()),
    ));
    for (name, manifest) in &manifests {
        if let Some(manifest) = manifest
            .as_ref()
            .filter(|manifest| manifest.coverage != Coverage::Complete)
        {
            tell(format!("{name}: coverage {}", manifest.coverage));
        }
    }
    Ok(())
}

/// Refuses digests that are no parts of one: made under other settings or of another scope, with gaps or overlaps between
/// their windows.
fn refuse_unlike(digests: &[(&Named, Option<Manifest>)], allow_unknown: bool) -> anyhow::Result<()> {
    let unknown: Vec<String> = digests
        .iter()
        .filter(|(_, manifest)| manifest.is_none())
        .map(|(named, _)| named.to_string())
        .collect();
    if !unknown.is_empty() && !allow_unknown {
        bail!(
            "it is not known what {} made of (there is no manifest that fits); --allow-unknown merges all the same",
            match unknown.as_slice() {
                [one] => format!("{one} was"),
                several => format!("{} were", several.join(", ")),
            }
        );
    }
    let mut known: Vec<(&Named, &Manifest)> = digests
        .iter()
        .filter_map(|(named, manifest)| manifest.as_ref().map(|manifest| (*named, manifest)))
        .collect();
    known.sort_by_key(|(_, manifest)| manifest.job.window().start());
    for pair in known.windows(2) {
        let [(one, first), (other, second)] = pair else {
            continue;
        };
        if first.settings != second.settings {
            bail!(
                "{one} and {other} were made under different settings: {}",
                unlike(first, second)
            );
        }
        if first.job.scope() != second.job.scope() {
            bail!("{one} and {other} have different scopes");
        }
        let (stop, start) = (first.job.window().stop(), second.job.window().start());
        if start < stop {
            bail!(
                "the windows of {one} and {other} overlap: {} lies before {}; what both count would count twice",
                second.job.window().start_rfc3339(),
                first.job.window().stop_rfc3339(),
            );
        }
        // Between windows of which some are unknown a gap may be one of those.
        if start > stop && unknown.is_empty() {
            bail!(
                "nothing covers {} to {}, between {one} and {other}",
                first.job.window().stop_rfc3339(),
                second.job.window().start_rfc3339(),
            );
        }
    }
    if !unknown.is_empty() {
        tell(format!(
            "{} without a manifest: gaps and overlaps there are not seen",
            grouped(unknown.len())
        ));
    }
    Ok(())
}

/// The settings that differ.
fn unlike(one: &Manifest, other: &Manifest) -> String {
    let names = one.settings.keys().chain(other.settings.keys());
    let mut unlike: Vec<&str> = names
        .filter(|name| one.settings.get(*name) != other.settings.get(*name))
        .map(String::as_str)
        .collect();
    unlike.sort_unstable();
    unlike.dedup();
    unlike.join(", ")
}
