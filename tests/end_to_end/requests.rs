//! How many requests a day takes at a destination in S3, by kind: more of them is slower and dearer.

use std::collections::BTreeMap;

use s3_server::{Bucket, Config, Server};

use crate::world::{ACCOUNT, REGION, World, call, document, key};

const DAY: &str = "2026-10-05";

/// The requests to the destination since the ones that were counted before, by kind.
fn count(server: &Server, counted: &mut usize) -> String {
    let recorded = server.recorded();
    let mut kinds = BTreeMap::<String, u64>::new();
    for request in recorded[*counted..].iter().filter(|request| request.bucket == "tables") {
        *kinds.entry(format!("{:?}", request.kind)).or_default() += 1;
    }
    *counted = recorded.len();
    let kinds = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}"));
    kinds.collect::<Vec<_>>().join(", ")
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is to be read")]
fn requests_of_a_day_at_s3_are_as_counted() {
    let world = World::new();
    let object = |name: &str| {
        let call = call(name, &format!("{DAY}T12:00:00Z"));
        (key(ACCOUNT, REGION, "20261005T1210Z", name), document(&[call]))
    };
    let [(a, a_bytes), (b, b_bytes)] = [object("a"), object("b")];
    let trail = Bucket::new("trail").object(&a, a_bytes);
    let config = Config { records: true, ..Config::new() };
    let server = Server::start(config.bucket(trail).bucket(Bucket::new("tables"))).unwrap();
    let mut counted = 0;
    let mut requests = |arguments: &[&str]| {
        let locations = ["--source", "s3://trail", "--dest", "s3://tables", "--day", DAY];
        world.hoptrail_on(&server, &[arguments, &locations].concat()).ends(0);
        count(&server, &mut counted)
    };
    let new = requests(&["run"]);
    let unchanged = requests(&["run"]);
    let settled = requests(&["settle"]);
    server.put_object("trail", &b, b_bytes);
    let replaced = requests(&["run"]);
    let table =
        [("new", new), ("unchanged", unchanged), ("settled", settled), ("replaced", replaced)];
    for (day, requests) in &table {
        println!("{day:<10} {requests}");
    }
    let expected = [
        ("new", "2 Delete, 13 Get, 1 HeadBucket, 5 List, 15 Put"),
        ("unchanged", "7 Get, 1 HeadBucket, 13 List"),
        ("settled", "5 Get, 1 HeadBucket, 2 List"),
        ("replaced", "2 Delete, 14 Get, 1 HeadBucket, 24 List, 15 Put"),
    ];
    assert_eq!(table.each_ref().map(|(day, requests)| (*day, requests.as_str())), expected);
}
