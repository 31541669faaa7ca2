//! Numbers, times, and addresses for every way in which values of policies cut their range: each of the values,
//! one between two that follow each other, one below all, and one above.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use jiff::Timestamp;

use crate::decimal::Decimal;

/// Numbers that compare with the values in every way that a number can.
pub(super) fn numbers(values: &[&Decimal]) -> Vec<String> {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut points = sorted.iter().map(ToString::to_string).collect::<Vec<_>>();
    points.extend(sorted.first().map(|first| first.below()));
    points.extend(sorted.last().map(|last| last.above()));
    points.extend(sorted.windows(2).map(|pair| pair[0].between(pair[1])));
    points
}

/// The same for times.
pub(super) fn times(values: &[Timestamp]) -> Vec<String> {
    const SECOND: i128 = 1_000_000_000;
    let mut sorted = values.iter().map(|time| time.as_nanosecond()).collect::<Vec<_>>();
    sorted.sort_unstable();
    sorted.dedup();
    let mut points = sorted.clone();
    points.extend(sorted.first().map(|first| first - SECOND));
    points.extend(sorted.last().map(|last| last + SECOND));
    for pair in sorted.windows(2) {
        let (low, high) = (pair[0], pair[1]);
        let between = if high - low > SECOND { low + SECOND } else { low + (high - low) / 2 };
        points.extend((low < between && between < high).then_some(between));
    }
    // Outside of the range of times, there are none.
    let text = |point: i128| Timestamp::from_nanosecond(point).ok().map(|time| time.to_string());
    points.into_iter().filter_map(text).collect()
}

/// Addresses for every way in which they can be in networks: between two that follow each other, where networks
/// begin, or the address behind one, nothing changes.
pub(super) fn addresses(values: &[IpNet]) -> Vec<String> {
    let mut points = vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    for network in values {
        points.push(network.network());
        points.extend(next(network.broadcast()));
    }
    points.iter().map(IpAddr::to_string).collect()
}

/// The next address; `None` behind the last one.
fn next(address: IpAddr) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => Ipv4Addr::from(u32::from(address).checked_add(1)?).into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address).checked_add(1)?).into(),
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_is_a_number_for_each_way_to_compare() {
        for texts in [
            &["5"][..],
            &["5", "6"],
            &["-1", "0", "0.01", "0.02", "7"],
            &["-0.2", "-0.1", "99999999999999999999", "100000000000000000000"],
            &["-10", "-9.99", "-9.98"],
            &["-3", "4"],
        ] {
            let values = texts.iter().map(|it| Decimal::parse(it).unwrap()).collect::<Vec<_>>();
            let points = numbers(&values.iter().collect::<Vec<_>>());
            let compared = points.iter().map(|point| {
                let point = Decimal::parse(point).unwrap();
                values.iter().map(|value| point.cmp(value)).collect::<Vec<_>>()
            });
            let compared = compared.collect::<BTreeSet<_>>();
            assert_eq!(compared.len(), 2 * values.len() + 1, "{points:?}");
            assert!(compared.contains(&vec![Ordering::Less; values.len()]));
            assert!(compared.contains(&vec![Ordering::Greater; values.len()]));
        }
    }

    #[test]
    fn there_is_a_time_for_each_way_to_compare() {
        let values =
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000002Z", "2026-05-01T00:00:00Z"];
        let values = values.map(|it| it.parse::<Timestamp>().unwrap());
        assert_eq!(times(&values).len(), 7);
        // There is no time between two that follow each other.
        let near = [values[0], "2026-01-01T00:00:00.000000001Z".parse().unwrap()];
        assert_eq!(times(&near).len(), 4);
        assert_eq!(times(&[Timestamp::MAX]).len(), 2);
    }

    #[test]
    fn there_is_an_address_for_each_combination_of_networks() {
        let values =
            ["10.0.0.0/8", "10.1.0.0/16", "255.255.255.255/32", "2001:db8::/32", "0.0.0.0/0"];
        let values = values.map(|it| it.parse::<IpNet>().unwrap());
        let points = addresses(&values);
        let found = points.iter().map(|point| {
            let point = point.parse::<IpAddr>().unwrap();
            values.iter().map(|network| network.contains(&point)).collect::<Vec<_>>()
        });
        let found = found.collect::<BTreeSet<_>>();
        assert_eq!(found.len(), 6, "{found:?}");
    }
}
