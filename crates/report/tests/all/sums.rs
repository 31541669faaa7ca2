//! Tables that are cut to their largest rows: with the row of all others, they are the total.

use crate::organization::organization;

/// What is between two marks, each time.
fn between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap_or_default())
}

/// The exact values of a row by cell; `None` for a name, a time, or a quotient.
fn values(row: &str) -> Vec<Option<i128>> {
    let value = |cell: &str| {
        let (value, text) = between(cell, "<data value=\"", "</data>").next()?.split_once("\">")?;
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        let is_quotient = text.contains('%') || fraction.len() == 6;
        let is_others = text.starts_with("others");
        let units = format!("{whole}{fraction:0<12}").parse().ok();
        units.filter(|_| !is_quotient && !is_others)
    };
    between(row, "<td", "</td>").map(value).collect()
}

#[test]
fn rows_and_all_others_are_the_total() {
    let page = report::html(&organization(4)).expect("a page");
    let (mut n_sums, mut n_others) = (0, 0);
    for table in between(&page, "<table", "</table>") {
        let (body, foot) = table.split_once("<tfoot>").expect("a total");
        let (_, body) = body.split_once("<tbody>").expect("rows");
        let rows = between(body, "<tr", "</tr>").map(values).collect::<Vec<_>>();
        for (place, total) in values(foot).into_iter().enumerate() {
            let Some(total) = total else { continue };
            let sum = rows.iter().filter_map(|row| row[place]).sum::<i128>();
            assert_eq!(sum, total, "column {place} of {}", &table[..120]);
            n_sums += 1;
        }
        n_others += usize::from(body.contains("<tr class=\"others\">"));
    }
    assert!(n_sums > 100 && n_others >= 8, "{n_sums} {n_others}");
}

fn table<'p>(page: &'p str, caption: &str) -> Vec<Vec<Option<i128>>> {
    let caption = format!("<caption>{caption}</caption>");
    let mut tables = between(page, "<table", "</table>");
    let found: &'p str = tables.find(|table| table.contains(&caption)).expect("the table");
    let (_, body) = found.split_once("<tbody>").expect("rows");
    between(body, "<tr", "</tr>").map(values).collect()
}

#[test]
fn models_and_all_others_are_the_cost_of_a_day() {
    let page = report::html(&organization(4)).expect("a page");
    let rows = table(&page, "List cost by day and model, in US dollars");
    assert_eq!(rows.len(), 5, "four days and the total");
    for row in rows {
        // The day, its cost, and four counts; then models.
        let models = row[6..].iter().flatten().sum::<i128>();
        assert_eq!((row[1], row.len()), (Some(models), 6 + 9));
    }
}

#[test]
fn calls_of_every_region_are_counted() {
    let organization = organization(4);
    let page = report::html(&organization).expect("a page");
    let of = |is_counted: &dyn Fn(&report::Hour) -> bool| {
        let hours = organization.hours.iter().filter(|hour| is_counted(hour));
        Some(hours.map(|hour| i128::from(hour.calls)).sum::<i128>() * 1_000_000_000_000)
    };
    let heat = table(&page, "Calls from us-east-1 that ran, by hour of the day (UTC)");
    let expected = of(&|hour| hour.source.as_deref() == Some("us-east-1"));
    assert_eq!(heat.last().expect("a total")[1], expected);
    let shares = between(&page, "<caption>Shares of calls from ", "</caption>").next();
    let (source, scope) = shares.expect("shares").split_once(", ").expect("a scope");
    let shares = table(&page, &format!("Shares of calls from {source}, {scope}"));
    let expected = of(&|hour| {
        hour.source.as_deref() == Some(source)
            && hour.scope.as_deref().unwrap_or("no scope") == scope
    });
    assert_eq!(shares.last().expect("a total")[1], expected);
}
