//! Tables asked by several threads, and in parts.

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use digest_core::{FoldOptions, Source as Object, fold_parallel};
use digest_insight::{
    AskError, Edges, Filter, Graph, GraphLimits, Links, LinksOptions, Measure, Observers, Source,
};
use digest_tables::{EdgesTable, Origins, write_edges};

/// A digest of so many pairs, as text and as a table.
fn digest(pairs: u32) -> (Vec<u8>, Vec<u8>) {
    let mut log = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n".to_owned();
    for pair in 0..pairs {
        let (host, bytes) = (pair / 7, 40 + pair % 13);
        writeln!(
            log,
            "2 1 eni-{host} 10.0.{}.{} 10.1.0.{} 40000 443 6 1 {bytes} 60 70 ACCEPT OK",
            host / 250,
            host % 250,
            pair % 7,
        )
        .unwrap();
    }
    let queue = Mutex::new(vec![log.into_bytes()]);
    let next = || -> Option<Object> {
        let log = queue.lock().unwrap().pop()?;
        Some(("a log".to_owned(), Box::new(Cursor::new(log))))
    };
    let digest = fold_parallel(&FoldOptions::default(), None, 1, next, |_, _| {}).unwrap();
    let (mut text, mut table) = (Vec::new(), Vec::new());
    digest.write_text(&mut text).unwrap();
    write_edges(&digest, &Origins::default(), &mut table).unwrap();
    (text, table)
}

fn table(file: &[u8]) -> Source {
    let bytes = bytes::Bytes::from(file.to_vec());
    Source::Table(EdgesTable::open(Arc::new(bytes)).unwrap())
}

#[test]
fn more_links_than_may_be_held_are_read_in_parts_of_tables_and_refused_of_texts() {
    let (text, file) = digest(500);
    let options = LinksOptions {
        observers: Observers::ask(&mut [table(&file)], &Filter::default()).unwrap(),
        ..LinksOptions::default()
    };
    let few = LinksOptions {
        most_links: 60,
        ..options.clone()
    };
    let of = |sources: &mut [Source], options: &LinksOptions| {
        let answer = Links::heaviest_of(sources, options, 40, Measure::Bytes);
        answer.map(|(listed, all)| (listed, all.total, all.edges))
    };
    let whole = of(&mut [table(&file)], &options).unwrap();
    assert_eq!((whole.0.count, whole.0.items.len(), whole.2), (500, 40, 500));
    assert_eq!(of(&mut [table(&file)], &few).unwrap(), whole);
    let text = || Source::Text(Edges::unsorted(Cursor::new(text.clone())).unwrap());
    assert_eq!(of(&mut [text()], &options).unwrap(), whole);
    let refused = of(&mut [text()], &few).unwrap_err();
    assert!(matches!(refused, AskError::TooMany(60)), "{refused}");
    // Two of the same are twice as much.
    let twice = of(&mut [table(&file), table(&file)], &options).unwrap();
    assert_eq!((twice.0.count, twice.1.bytes), (500, 2 * whole.1.bytes));
}

#[test]
fn a_graph_of_more_links_than_may_be_held_is_that_of_all() {
    let (text, file) = digest(500);
    let options = LinksOptions {
        observers: Observers::ask(&mut [table(&file)], &Filter::default()).unwrap(),
        ..LinksOptions::default()
    };
    let of = |source: Source, most: usize, nodes: usize| {
        let options = LinksOptions {
            most,
            most_links: most,
            ..options.clone()
        };
        Graph::ask(&mut [source], &options, GraphLimits { nodes, links: 40 })
    };
    for nodes in [20, usize::MAX] {
        let whole = of(table(&file), 1000, nodes).unwrap();
        assert_eq!(whole.links.len() as u64 + whole.more_links, 500);
        assert_eq!(whole.nodes.len() as u64 + whole.more_nodes, 72 + 7);
        assert_eq!(of(table(&file), 100, nodes).unwrap(), whole, "in parts");
        let text = Source::Text(Edges::unsorted(Cursor::new(text.clone())).unwrap());
        assert_eq!(of(text, 1000, nodes).unwrap(), whole);
        // All nodes are held in any case.
        let refused = of(table(&file), 70, nodes).unwrap_err();
        assert!(matches!(refused, AskError::TooMany(70)), "{refused}");
    }
}
