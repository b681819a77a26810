//! Sample logs are the same bytes everywhere, what they claim to be, and digest as the oracle says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use digest_core::oracle::{self, Question};
use digest_core::{Fold, FoldOptions, ObjectTally, Window};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::{Format, Profile, START, SampleLogs, Written, write_on};

/// Records of each profile here.
const RECORDS: u64 = 4_000;

/// The objects of a small run by key, and what the writer said of it.
fn small(threads: usize, profile: Profile, format: Format) -> (BTreeMap<String, Vec<u8>>, Written) {
    let samples = SampleLogs {
        records: RECORDS,
        objects: 42,
        format,
        ..SampleLogs::of(profile, "")
    };
    written(threads, samples)
}

fn written(threads: usize, mut samples: SampleLogs) -> (BTreeMap<String, Vec<u8>>, Written) {
    let directory = tempfile::tempdir().unwrap();
    samples.directory = directory.path().to_owned();
    let written = write_on(threads, &samples, &|_| {}).unwrap();
    let mut objects = BTreeMap::new();
    collect(directory.path(), directory.path(), &mut objects);
    (objects, written)
}

fn collect(root: &Path, folder: &Path, objects: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, objects);
        } else {
            let key = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            objects.insert(key, fs::read(&path).unwrap());
        }
    }
}

/// SHA-256 over keys and objects, the first eight bytes in hexadecimal.
fn fingerprint(objects: &BTreeMap<String, Vec<u8>>) -> String {
    let mut sum = Sha256::new();
    for (key, bytes) in objects {
        sum.update(key);
        sum.update((bytes.len() as u64).to_be_bytes());
        sum.update(bytes);
    }
    let sum: [u8; 32] = sum.finalize().into();
    sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// The kernel's digest: its text, its number of edges, and what became of the rows.
fn digest(objects: &BTreeMap<String, Vec<u8>>, window: Option<Window>) -> (Vec<u8>, u64, ObjectTally) {
    let options = FoldOptions {
        window,
        ..FoldOptions::default()
    };
    let mut fold = Fold::new(&options);
    for (key, bytes) in objects {
        fold.read_object(key, &mut bytes.as_slice()).unwrap();
    }
    let digest = fold.finish().unwrap();
    let mut text = Vec::new();
    let lines = digest.write_text(&mut text).unwrap().lines;
    (text, lines, digest.tally().clone())
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let mut wrong = Vec::new();
    // These change with the generator and with the compressor's version: then say so in the change log.
    let expected = [
        (Profile::Demo, Format::Default, "40e531bbf0d1deb3"),
        (Profile::Demo, Format::V5, "b025e45b89462451"),
        (Profile::Main, Format::Default, "426db74a9f569491"),
        (Profile::Low, Format::Default, "f397e32edc46c948"),
        (Profile::High, Format::Default, "d4f3cd9f54599635"),
        (Profile::GiantEni, Format::Default, "dfb4f306fe5be037"),
        (Profile::ManyEnis, Format::Default, "6ffac206bbcbba65"),
        (Profile::Shuffled, Format::Default, "1c62a98b96e6a776"),
        (Profile::Ipv6, Format::Default, "98e3c6de17304590"),
        (Profile::OwnTimes, Format::Default, "47e6fb7e41ff55eb"),
    ];
    for (profile, format, expected) in expected {
        let (one, three) = (small(1, profile, format), small(3, profile, format));
        assert!(one == three, "{profile:?}: threads changed the bytes");
        let found = fingerprint(&one.0);
        if found != expected {
            wrong.push((profile, format, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn another_seed_gives_other_logs() {
    let samples = SampleLogs {
        records: RECORDS,
        seed: 2,
        ..SampleLogs::of(Profile::Demo, "")
    };
    let (second, _) = written(2, samples);
    let (first, _) = small(2, Profile::Demo, Format::Default);
    assert!(second.keys().all(|key| !first.contains_key(key)));
}

#[test]
fn the_share_of_groups_is_the_profiles_at_any_size() {
    let sizes = [
        (Profile::Main, 10_000, 0.125),
        (Profile::Main, 40_000, 0.125),
        (Profile::Low, 20_000, 0.015),
        (Profile::High, 10_000, 0.63),
    ];
    for (profile, records, expected) in sizes {
        let samples = SampleLogs {
            records,
            ..SampleLogs::of(profile, "")
        };
        let (objects, _) = written(2, samples);
        let (_, edges, _) = digest(&objects, None);
        let share = edges as f64 / records as f64;
        assert!(
            (share / expected - 1.0).abs() < 0.1,
            "{profile:?}, {records} records: {share}"
        );
    }
}

#[test]
fn every_profile_digests_as_the_oracle_says() {
    let window = Window::hour_from(START);
    for &profile in Profile::value_variants() {
        let (objects, _) = small(2, profile, Format::Default);
        let listed: Vec<_> = objects.clone().into_iter().collect();
        for window in [None, Some(window)] {
            let question = Question {
                window,
                skip: false,
                max_row: 64 * 1024,
            };
            let answer = oracle::digest(&question, &listed).unwrap();
            let (text, _, tally) = digest(&objects, window);
            assert!(text == answer.text, "{profile:?}, {window:?}: the texts differ");
            assert!(tally.is_clean() && tally.records > RECORDS / 2, "{tally:?}");
            let outside = tally.outside_window;
            assert_eq!(
                outside > 0,
                window.is_some(),
                "some records begin before the window, some after"
            );
        }
    }
}

#[test]
fn records_of_one_profile_have_times_of_their_own_and_those_of_others_their_burst_s() {
    for (profile, has_own) in [(Profile::OwnTimes, true), (Profile::Main, false)] {
        let (objects, _) = small(2, profile, Format::Default);
        let (mut neighbours, mut alike) = (0, 0);
        for bytes in objects.values() {
            let text = text(bytes);
            let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(' ').collect()).collect();
            for rows in rows.windows(2).filter(|rows| rows[0][2] == rows[1][2]) {
                neighbours += 1;
                alike += u64::from(rows[0][10..12] == rows[1][10..12]);
            }
        }
        let share = alike as f64 / f64::from(neighbours);
        assert!(
            if has_own { share < 0.1 } else { share > 0.95 },
            "{profile:?}: {share}"
        );
    }
}

#[test]
fn version_5_digests_as_the_oracle_says_and_shows_connections_opened() {
    let (objects, _) = small(2, Profile::Demo, Format::V5);
    let listed: Vec<_> = objects.clone().into_iter().collect();
    let question = Question {
        window: None,
        skip: false,
        max_row: 64 * 1024,
    };
    let answer = oracle::digest(&question, &listed).unwrap();
    assert!(digest(&objects, None).0 == answer.text);
    let (syn, synack) = answer
        .edges
        .values()
        .fold((0, 0), |sum, edge| (sum.0 + edge.syn, sum.1 + edge.synack));
    assert!(
        syn > RECORDS / 20 && synack > RECORDS / 20,
        "{syn} SYN, {synack} SYN-ACK"
    );
}

#[test]
fn rows_are_counted_by_what_they_say() {
    for &profile in Profile::value_variants() {
        let (objects, written) = small(2, profile, Format::Default);
        let (_, _, tally) = digest(&objects, None);
        let counts = written.counts;
        assert_eq!(counts.records(), RECORDS, "{profile:?}");
        assert_eq!(
            (
                counts.accepted + counts.rejected,
                counts.no_data,
                counts.skip_data
            ),
            (tally.records, tally.no_data, tally.skip_data),
            "{profile:?}"
        );
        assert_eq!(
            (written.objects, counts.gzip_bytes, counts.text_bytes),
            (tally.objects, tally.source_bytes, tally.inflated_bytes),
            "{profile:?}"
        );
        assert_eq!(tally.headers, tally.objects);
        assert!(counts.no_data > RECORDS / 200, "{profile:?}: {counts:?}");
        // So few records of this profile are of fixed peers alone.
        assert!(
            counts.rejected > 0 || profile == Profile::Low,
            "{profile:?}: {counts:?}"
        );
    }
}

#[test]
fn names_are_those_of_the_bucket_and_trail_the_records_by_up_to_twenty_minutes() {
    let (objects, _) = small(2, Profile::Demo, Format::Default);
    let mut trails = BTreeSet::new();
    let mut networks = BTreeSet::new();
    for (key, bytes) in &objects {
        let parts: Vec<&str> = key.split('/').collect();
        let [logs, account, service, region, year, month, day, name] = parts[..] else {
            panic!("{key}");
        };
        assert_eq!((logs, service), ("AWSLogs", "vpcflowlogs"));
        let fields: Vec<&str> = name.strip_suffix(".log.gz").unwrap().split('_').collect();
        assert_eq!(fields[..3], [account, service, region]);
        assert!(fields[3].starts_with("fl-") && fields[3].len() == 20, "{name}");
        assert_eq!(fields[4][..8], [year, month, day].concat());
        assert_eq!(fields[5].len(), 8);
        networks.insert((account, region));
        let named = chrono::NaiveDateTime::parse_from_str(fields[4], "%Y%m%dT%H%MZ").unwrap();
        let named = named.and_utc().timestamp();
        for row in text(bytes).lines().skip(1) {
            let columns: Vec<&str> = row.split(' ').collect();
            assert_eq!(columns[1], account);
            let (start, end): (i64, i64) = (columns[10].parse().unwrap(), columns[11].parse().unwrap());
            assert!(start <= end && end - start <= 600, "{row}");
            trails.insert((named - end.div_euclid(300) * 300) / 300);
        }
    }
    assert_eq!(networks.len(), 6);
    assert_eq!(
        trails.iter().copied().collect::<Vec<_>>(),
        [0, 1, 2, 3, 4],
        "in five minutes"
    );
}
