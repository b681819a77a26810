//! What tells edges apart beyond the text: each is kept, and the text adds them up as if it knew nothing of them.

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::Mutex;

use digest_core::checks::HeldRuns;
use digest_core::{Budget, Digest, Dimensions, FACTS, FoldError, FoldOptions, Source, fold_parallel};

const COLUMNS: &str = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
    flow-direction pkt-srcaddr traffic-path";

fn fold(edges: bool, budget: Option<Budget>, threads: usize, text: &str) -> Result<Digest, FoldError> {
    let options = FoldOptions {
        edges,
        ..FoldOptions::default()
    };
    let queue = Mutex::new(vec![text.to_owned(); 2]);
    let next = || -> Option<Source> {
        let text = queue.lock().unwrap().pop()?;
        Some(("object".to_owned(), Box::new(Cursor::new(text))))
    };
    fold_parallel(&options, budget, threads, next, |_, _| {})
}

/// Lines of several edges each, more of them than are made into text at once.
fn log() -> String {
    let mut text = format!("{COLUMNS}\n");
    for at in 0..60_000u32 {
        let (line, edge) = (at / 3, at % 3);
        let direction = ["ingress", "egress", "egress"][edge as usize];
        let pkt = ["10.0.0.9", "10.0.0.8", "-"][(line % 3) as usize];
        writeln!(
            text,
            "eni-{} 10.0.0.9 10.1.{}.{} 443 49152 6 {at} 1 1539734400 1539734460 ACCEPT {direction} {pkt} {edge}",
            line % 4,
            line / 250,
            line % 250
        )
        .unwrap();
    }
    text
}

fn edges(digest: &Digest) -> Vec<String> {
    let mut edges = Vec::new();
    digest
        .for_each_edge(|edge| {
            edges.push(format!("{edge:?}"));
            Ok(())
        })
        .unwrap();
    edges
}

#[test]
fn the_text_and_its_gzip_are_the_same_whether_or_not_edges_are_told_apart_in_memory_and_beyond_it() {
    let log = log();
    let (mut expected, mut told) = (Vec::new(), None);
    let plain = fold(false, None, 1, &log).unwrap();
    let summary = plain.write_gzip(&mut expected).unwrap();
    assert_eq!((summary.text.lines, edges(&plain).len()), (20_000, 20_000));
    for (budget, threads) in [
        (None, 1),
        (None, 2),
        (Some(1 << 19), 1),
        (Some(1 << 19), 2),
        (Some(3 << 20), 2),
    ] {
        let digest = fold(true, budget.map(HeldRuns::budget), threads, &log).unwrap();
        assert_eq!(digest.is_spilled(), budget.is_some());
        let mut gzip = Vec::new();
        assert_eq!(digest.write_gzip(&mut gzip).unwrap(), summary);
        assert!(
            gzip == expected,
            "the gzip bytes differ: {budget:?}, {threads} threads"
        );
        let edges = edges(&digest);
        assert_eq!(edges.len(), 60_000);
        assert!(
            *told.get_or_insert(edges.clone()) == edges,
            "the edges differ: {budget:?}"
        );
    }
}

#[test]
fn edges_say_what_they_are_told_apart_by() {
    let row = "eni-1 10.0.0.9 ::1 1 2 6 1 1 1539734400 1539734460 ACCEPT";
    let text = format!("{COLUMNS}\n{row} egress 10.0.0.9 08\n{row} - 0:0::1 x\n{row} - - -\n");
    let mut found = Vec::new();
    let digest = fold(true, None, 1, &text).unwrap();
    digest
        .for_each_edge(|edge| {
            let Dimensions {
                pkt_srcaddr,
                flow_direction,
                traffic_path,
                ..
            } = edge.dimensions;
            let direction = flow_direction.map(|text| String::from_utf8_lossy(text).into_owned());
            found.push((
                pkt_srcaddr.map(|address| address.to_string()),
                direction,
                traffic_path,
            ));
            Ok(())
        })
        .unwrap();
    found.sort();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            (None, None, None),
            (text("10.0.0.9"), text("egress"), Some(8)),
            (text("::1"), None, None)
        ]
    );
}

/// What the edges of a log are told apart by beside their lines, for want of an interface.
fn told(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let digest = fold(true, None, 1, text).unwrap();
    digest
        .for_each_edge(|edge| {
            let facts = edge.dimensions.interface.facts();
            let facts =
                facts.map(|(place, value)| format!("{}={}", FACTS[place], String::from_utf8_lossy(value)));
            found.push(facts.collect::<Vec<_>>().join(" "));
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn without_an_interface_edges_are_told_apart_by_its_vpc_subnet_instance_and_tags() {
    let columns = "asg-tag vpc-id az-id srcaddr dstaddr protocol packets bytes start instance-id subnet-id";
    let row = "use1-az1 10.0.0.9 10.0.0.8 6 1 1 1539734400";
    let rows =
        format!("a%20b vpc-1 {row} i-1 subnet-1\n- - {row} - -\n- vpc-1 {row} i-2 -\n- vpc-1 {row} i-2 -\n");
    let apart = [
        "",
        "vpc-id=vpc-1 subnet-id=subnet-1 instance-id=i-1 asg-tag=a%20b",
        "vpc-id=vpc-1 instance-id=i-2",
    ];
    assert_eq!(told(&format!("{columns}\n{rows}")), apart);
    // One that has a name tells it of itself, and so does an attachment.
    for name in ["interface-id", "tgw-attachment-id"] {
        let rows = rows.replace("use1-az1", "eni-1 use1-az1");
        let columns = columns.replace("az-id", &format!("{name} az-id"));
        assert_eq!(told(&format!("{columns}\n{rows}")), [""]);
    }
    // Of two columns of one name the last tells.
    let twice = "instance-id srcaddr dstaddr protocol packets bytes start instance-id";
    let row = "i-9 10.0.0.9 10.0.0.8 6 1 1 1539734400 i-1";
    assert_eq!(told(&format!("{twice}\n{row}\n")), ["instance-id=i-1"]);
}

#[test]
fn the_addresses_behind_a_gateway_count_as_memory() {
    // One line, and an edge for each record.
    let mut text = format!("{COLUMNS}\n");
    for at in 0..30_000u32 {
        let pkt = std::net::Ipv4Addr::from_bits(0x0b00_0000 + at * 7);
        writeln!(
            text,
            "eni-1 10.0.0.9 10.0.0.8 443 1 6 1 1 1539734400 1539734460 ACCEPT ingress {pkt} -"
        )
        .unwrap();
    }
    let whole = edges(&fold(true, None, 2, &text).unwrap());
    let digest = fold(true, Some(HeldRuns::budget(1 << 19)), 2, &text).unwrap();
    assert!(digest.is_spilled() && whole.len() == 30_000);
    assert!(edges(&digest) == whole, "the edges differ");
    let mut line = Vec::new();
    assert_eq!(digest.write_text(&mut line).unwrap().lines, 1);
    let line = String::from_utf8(line).unwrap();
    assert_eq!(
        line,
        "2 - eni-1 10.0.0.9 10.0.0.8 0 1 6 60000 60000 1539734400 1539734460 ACCEPT OK\n"
    );
}

#[test]
fn a_line_whose_edges_pass_its_range_together_is_told() {
    let half = i64::MAX / 4 + 1;
    let row = format!("eni-1 10.0.0.1 10.0.0.2 443 49152 6 1 {half} 1539734400 1539734401 ACCEPT");
    let text = format!("{COLUMNS}\n{row} ingress - -\n{row} egress - -\n");
    let expected =
        "bytes pass the greatest value a digest can hold (- eni-1 10.0.0.1 10.0.0.2 443 0 6 ACCEPT)";
    for budget in [None, Some(usize::MAX)] {
        let error = fold(true, budget.map(HeldRuns::budget), 1, &text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    // Beyond memory the sum may pass its range only as the runs are merged.
    let spilled = fold(true, Some(HeldRuns::budget(0)), 1, &text);
    let told = match spilled {
        Ok(digest) => digest.write_text(&mut std::io::sink()).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(told, expected);
    // Without anything that tells them apart the edges pass it by themselves.
    assert_eq!(fold(false, None, 1, &text).unwrap_err().to_string(), expected);
}
