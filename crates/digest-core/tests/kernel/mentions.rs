//! Which interfaces objects mention is told once for all objects of a place, or object by object where that is asked for.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use digest_core::{BadRows, Contents, FoldOptions, Mention, Place, Source, fold_parallel, parquet_copy};

use super::others::{Beside, Have, both, log, mention, rows, together};

/// The rows of these interfaces; a row without data of one more.
fn log_of(interfaces: &[usize], silent: Option<&str>) -> String {
    let rows = rows();
    let named = rows
        .iter()
        .filter(|(interface, ..)| interfaces.contains(interface));
    let text = log(named.map(|(.., row)| row));
    let silent = silent
        .map(|name| format!("2 123456789012 {name} - - - - - - - 1539734400 1539734460 - NODATA - -\n"));
    text + &silent.unwrap_or_default()
}

/// Objects, and what each was given to be beside.
fn told(
    objects: &[(Place, String)],
    options: &FoldOptions,
    threads: usize,
    as_parquet: bool,
    mut on_object: impl FnMut(usize, &[Mention]) + Send,
) -> Vec<Mention> {
    let heard = Arc::default();
    let sources = objects.iter().enumerate().map(|(at, (place, text))| {
        let bytes = if as_parquet {
            parquet_copy(text, 50).unwrap()
        } else {
            text.clone().into_bytes()
        };
        let others = Have::at(Vec::new(), (place.number, place.time, place.at_once), &heard);
        let source = Beside(Cursor::new(bytes), Arc::new(others));
        (at.to_string(), Box::new(source) as Box<dyn Contents + Send>)
    });
    let sources = Mutex::new(sources.collect::<Vec<Source>>().into_iter());
    let on_object = Mutex::new(&mut on_object);
    fold_parallel(
        options,
        None,
        threads,
        || sources.lock().unwrap().next(),
        |key, _| on_object.lock().unwrap()(key.parse().unwrap(), &heard.lock().unwrap()),
    )
    .unwrap();
    let heard = heard.lock().unwrap();
    heard.clone()
}

fn place(number: u32, time: u32, at_once: bool) -> Place {
    Place {
        number,
        time,
        with_actions: true,
        at_once,
    }
}

#[test]
fn what_objects_of_a_place_mention_is_told_once_and_with_the_times_of_all() {
    let with_edges = FoldOptions {
        edges: true,
        ..FoldOptions::default()
    };
    let objects = [
        (place(1, 5, false), log_of(&[0, 1], Some("eni-9"))),
        (place(1, 2, false), log_of(&[1, 2], None)),
        (place(1, 7, false), log_of(&[2], Some("eni-0"))),
        (place(1, 3, false), log_of(&[2, 1], Some("eni-9"))),
    ];
    let expected = [
        mention("eni-0", 1, Some((both(), 5, 5))),
        mention("eni-1", 1, Some((both(), 2, 5))),
        mention("eni-2", 1, Some((both(), 2, 7))),
        mention("eni-9", 1, None),
    ];
    for as_parquet in [false, true] {
        let mut once = told(&objects, &with_edges, 1, as_parquet, |_, heard| {
            assert!(heard.is_empty());
        });
        once.sort();
        assert_eq!(once, expected, "Parquet: {as_parquet}");
        let by_two = told(&objects, &with_edges, 2, as_parquet, |_, _| {});
        assert_eq!(together(&by_two), expected);
    }
}

#[test]
fn an_interface_that_several_places_mention_is_told_of_each() {
    let objects = [
        (place(1, 0, false), log_of(&[0, 1], None)),
        (place(2, 4, false), log_of(&[1], None)),
        (place(1, 9, false), log_of(&[1, 3], None)),
        (place(3, 1, false), log_of(&[3], None)),
    ];
    let expected = [
        mention("eni-0", 1, Some((both(), 0, 0))),
        mention("eni-1", 1, Some((both(), 0, 9))),
        mention("eni-1", 2, Some((both(), 4, 4))),
        mention("eni-3", 1, Some((both(), 9, 9))),
        mention("eni-3", 3, Some((both(), 1, 1))),
    ];
    for threads in [1, 2] {
        let heard = told(&objects, &FoldOptions::default(), threads, false, |_, _| {});
        assert_eq!(together(&heard), expected);
    }
}

#[test]
fn where_it_is_asked_for_an_object_is_told_of_before_the_next() {
    let objects = [
        (place(1, 0, true), log_of(&[0, 1], None)),
        (place(1, 1, true), log_of(&[1], None)),
        (place(2, 1, true), log_of(&[3], None)),
    ];
    let counts = [2, 3, 4];
    for as_parquet in [false, true] {
        let heard = told(
            &objects,
            &FoldOptions::default(),
            1,
            as_parquet,
            |object, heard| assert_eq!(heard.len(), counts[object], "object {object}"),
        );
        assert_eq!(
            together(&heard),
            [
                mention("eni-0", 1, Some((both(), 0, 0))),
                mention("eni-1", 1, Some((both(), 0, 1))),
                mention("eni-3", 2, Some((both(), 1, 1)))
            ]
        );
    }
}

#[test]
fn an_object_that_is_left_out_mentions_nothing() {
    let skip = FoldOptions {
        bad_rows: BadRows::Skip,
        ..FoldOptions::default()
    };
    for at_once in [false, true] {
        // No layout is known of the rows of the second.
        let objects = [
            (place(1, 0, at_once), log_of(&[0], None)),
            (
                place(1, 1, at_once),
                log_of(&[1], None) + "version account-id interface-id\n",
            ),
        ];
        let heard = told(&objects, &skip, 1, false, |_, _| {});
        assert_eq!(heard, [mention("eni-0", 1, Some((both(), 0, 0)))]);
    }
}
