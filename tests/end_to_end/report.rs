//! The page of `report`: every figure of its tables against `show`, and names of callers that try to be HTML.

use std::collections::BTreeMap;
use std::fs;

use crate::world::{World, call, sample, with};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

fn built_sample() -> World {
    let world = World::new();
    let source = sample().display().to_string();
    let run = ["run", "--source", &source, "--dest", "out"];
    world.hoptrail(&[&run[..], &RANGE].concat()).ends(0);
    world
}

fn page(world: &World, arguments: &[&str]) -> String {
    let arguments = [&["report", "--dest", "out", "-o", "page.html"][..], arguments].concat();
    world.hoptrail(&arguments).ends(0);
    fs::read_to_string(world.path("page.html")).unwrap()
}

/// A table of the page.
#[derive(Debug)]
struct Shown {
    caption: String,
    /// What prints its figures.
    command: String,
    heads: Vec<String>,
    /// With the row of all others, if there is one.
    rows: Vec<Vec<Cell>>,
    total: Vec<Cell>,
}

/// A cell, with its exact value if it is a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cell {
    text: String,
    value: Option<String>,
}

/// What is between two marks, each time.
fn between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap())
}

/// Text without tags.
fn text_of(html: &str) -> String {
    let plain = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let plain = plain.collect::<String>();
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'")];
    let entities = entities.into_iter().chain([
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]);
    entities.fold(plain, |text, (entity, c)| text.replace(entity, c))
}

fn cells(row: &str) -> Vec<Cell> {
    let cell = |html: &str| Cell {
        text: text_of(html.split_once('>').unwrap().1),
        value: between(html, "<data value=\"", "\"").next().map(str::to_owned),
    };
    between(row, "<td", "</td>").map(cell).collect()
}

fn tables(page: &str) -> Vec<Shown> {
    let mut found = Vec::new();
    for article in between(page, "<article>", "</article>") {
        let command = text_of(between(article, "<code>", "</code>").next().unwrap());
        for table in between(article, "<table", "</table>") {
            let (body, foot) = table.split_once("<tfoot>").unwrap();
            found.push(Shown {
                caption: text_of(between(table, "<caption>", "</caption>").next().unwrap()),
                command: command.clone(),
                heads: between(body, "<th ", "</th>")
                    .map(|head| text_of(head.split_once('>').unwrap().1))
                    .collect(),
                rows: between(body.split_once("<tbody>").unwrap().1, "<tr", "</tr>")
                    .map(cells)
                    .collect(),
                total: cells(foot),
            });
        }
    }
    found
}

/// The rows that a command of the page prints.
fn printed(world: &World, command: &str) -> Vec<BTreeMap<String, String>> {
    let words = command.split_whitespace().collect::<Vec<_>>();
    assert_eq!((words[0], words[1]), ("hoptrail", "show"), "{command}");
    let text = world.hoptrail(&words[1..]).ends(0).stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// An amount in units of 10^-12, or a count times that: sums of both can be compared.
fn units(value: &str) -> i128 {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    format!("{whole}{fraction:0<12}").parse().unwrap()
}

fn is_additive(head: &str) -> bool {
    let not = ["share", "effective Regions", "day", "on the last day"];
    !not.contains(&head) && !head.contains("seen")
}

/// Every table: its rows, with all others, are its total.
#[test]
fn rows_and_all_others_are_the_total() {
    let world = built_sample();
    let tables = tables(&page(&world, &RANGE));
    assert!(tables.len() > 13, "{}", tables.len());
    let mut n_sums = 0;
    for table in &tables {
        let is_share = table.caption.starts_with("Shares of");
        for (place, head) in table.heads.iter().enumerate() {
            let is_figure = table.total[place].value.is_some() && is_additive(head);
            if !is_figure || is_share && place > 1 {
                continue;
            }
            let values = table.rows.iter().filter_map(|row| row[place].value.as_deref());
            let sum = values.map(units).sum::<i128>();
            let total = table.total[place].value.as_deref().unwrap();
            assert_eq!(sum, units(total), "{}: {head}", table.caption);
            n_sums += 1;
        }
    }
    assert!(n_sums > 100, "{n_sums}");
}

/// Every table: its totals are those of what its command prints.
#[test]
fn totals_are_those_of_the_commands_beside_them() {
    let world = built_sample();
    let tables = tables(&page(&world, &RANGE));
    let mut heat_and_shares = 0;
    for table in &tables {
        let rows = printed(&world, &table.command);
        let first = table.caption.split(" from ").nth(1).unwrap_or_default();
        let mut of_source = first.split([' ', ',']);
        let source = of_source.next().unwrap_or_default();
        let scope = first.split(", ").nth(1).unwrap_or_default().replace("no scope", "");
        let counts = |row: &BTreeMap<String, String>| match table.caption.as_str() {
            "Calls that ran" => !row["inference_region"].is_empty(),
            "Calls that left their jurisdiction, or ran in an undeclared Region" => {
                row["residency"] == "other_jurisdiction" || row["is_declared"] == "false"
            }
            "Calls with a cost gap" => !row["cost_gap"].is_empty(),
            caption if caption.starts_with("Calls from") => {
                row["source_region"] == source && !row["inference_region"].is_empty()
            }
            caption if caption.starts_with("Shares of calls from") => {
                row["source_region"] == source
                    && row["profile_scope"] == scope
                    && !row["inference_region"].is_empty()
            }
            _ => true,
        };
        heat_and_shares += usize::from(!source.is_empty());
        for (head, total) in table.heads.iter().zip(&table.total) {
            let column = match head.as_str() {
                "list cost" => "list_cost_usd",
                "calls"
                    if rows[0].contains_key("denied_calls") && !rows[0].contains_key("calls") =>
                {
                    "denied_calls"
                }
                "calls" if rows[0].contains_key("written") => "written",
                "calls" => "calls",
                "succeeded" => "succeeded_calls",
                "priced" => "calls_priced",
                "lower bounds" => "calls_lower_bound",
                "unpriced" => "calls_unpriced",
                "records" => "records",
                "rejected" => "rejected",
                "objects" => "objects",
                "unreadable" => "unreadable_objects",
                _ => continue,
            };
            let values = rows.iter().filter(|row| counts(row)).map(|row| row[column].as_str());
            let sum = values.filter(|value| !value.is_empty()).map(units).sum::<i128>();
            assert_eq!(units(total.value.as_deref().unwrap()), sum, "{}: {head}", table.caption);
        }
    }
    assert!(heat_and_shares > 4, "{heat_and_shares}");
}

/// A cost of the page beside its text, row by row.
#[test]
fn rows_are_those_of_the_commands_beside_them() {
    let world = built_sample();
    let tables = tables(&page(&world, &RANGE));
    let table = |caption: &str| tables.iter().find(|table| table.caption == caption).unwrap();
    for (caption, key, measure, column) in [
        ("Cost in US dollars, by account", "account_id", 1, "list_cost_usd"),
        ("Cost in US dollars, by principal", "principal_name", 1, "list_cost_usd"),
        ("Unresolved model identifiers", "model_ref", 2, "calls"),
        ("Days", "dt", 2, "written"),
    ] {
        let table = table(caption);
        let rows = printed(&world, &table.command);
        let known = |text: &str| text.replace('–', "");
        for row in &table.rows {
            let name = known(&row[0].text);
            let of_name = rows.iter().filter(|other| other[key] == name).collect::<Vec<_>>();
            assert_eq!(of_name.len(), 1, "{caption}: {name}");
            let value = row[measure].value.clone().unwrap_or_default();
            assert_eq!(value, of_name[0][column], "{caption}: {name}");
        }
        assert_eq!(table.rows.len(), rows.len(), "{caption}");
    }
    let denials = table("Denied calls");
    let still = denials.rows.iter().filter(|row| row[8].text == "yes").collect::<Vec<_>>();
    assert_eq!(still.len(), 5, "{still:?}");
    assert!(still.iter().all(|row| row[7].text.starts_with("2026-10-07")));
    let of_days = table("List cost by day and model, in US dollars");
    let total = |head: &str| {
        let place = of_days.heads.iter().position(|other| other == head).unwrap();
        of_days.total[place].clone()
    };
    assert_eq!(total("list cost").value.as_deref(), Some("7.343199114000"));
    assert_eq!(total("list cost").text, "≥ $7.34");
    assert_eq!(total("Claude Sonnet 4.6").value.as_deref(), Some("3.970540200000"));
}

/// The exact values of the shapes of a drawing, added up; nodes of flows are the ends of ribbons.
fn drawn(figure: &str) -> i128 {
    let groups =
        between(figure, "<g class=\"", "</g>").filter(|group| !group.starts_with("node\""));
    let values = groups.flat_map(|group| between(group, " data-value=\"", "\""));
    values.map(units).sum()
}

/// Every drawing: the figures of its shapes are the total of a table beside it.
#[test]
fn shapes_are_the_total_of_the_table() {
    let world = built_sample();
    let page = page(&world, &RANGE);
    let mut n_drawings = 0;
    for article in between(&page, "<article>", "</article>") {
        let feet = between(article, "<tfoot>", "</tfoot>").flat_map(cells);
        // Not those that are times.
        let totals = feet.filter_map(|cell| cell.value).filter(|value| !value.contains('T'));
        let totals = totals.map(|value| units(&value)).collect::<Vec<_>>();
        let drawings = between(article, "<figure>", "</figure>").map(drawn).collect::<Vec<_>>();
        if article.contains("From source Region to inference Region") {
            assert_eq!(drawings.iter().sum::<i128>(), totals[0]);
        } else {
            assert!(drawings.iter().all(|sum| totals.contains(sum)), "{drawings:?} {totals:?}");
        }
        n_drawings += drawings.len();
    }
    assert!(n_drawings > 15, "{n_drawings}");
}

/// Cells that are figures have their exact value, and nothing on the page runs or is fetched.
#[test]
fn page_has_exact_values_and_requests_nothing() {
    let world = built_sample();
    let page = page(&world, &RANGE);
    let policy = "http-equiv=\"Content-Security-Policy\" \
                  content=\"default-src 'none'; style-src 'unsafe-inline'\">";
    assert!(page.contains(policy));
    for word in [
        "<script",
        "<iframe",
        "<img",
        "<link",
        "<object",
        "<base",
        "@import",
        "url(",
        "src=",
        "http:",
        "https:",
        "style=\"",
        "javascript:",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    for link in between(&page, "href=\"", "\"") {
        let id = link.strip_prefix('#').unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{link}");
    }
    assert!(page.matches("role=\"img\" aria-label=\"").count() > 15);
    assert_eq!(
        page.matches("role=\"img\"").count(),
        between(&page, "<figure>", "</figure>").count()
    );
    for cell in between(&page, "<td>", "</td>") {
        let is_word = ["", "–", "yes", "no"].contains(&cell);
        assert!(is_word || cell.starts_with("<data value=\""), "{cell}");
    }
    let n_shapes = between(&page, "<title>", "</title>").count() - 1;
    assert_eq!(
        page.matches("\" data-value=\"").count() - page.matches("<text").count()
            + count_plain(&page),
        n_shapes
    );
}

/// Texts of drawings that are no figures.
fn count_plain(page: &str) -> usize {
    between(page, "<text ", ">").filter(|text| !text.contains("data-value")).count()
}

#[test]
fn same_tables_give_the_same_page_unless_it_is_stamped() {
    let world = built_sample();
    let first = page(&world, &RANGE);
    assert!(first == page(&world, &RANGE));
    let stdout = world.hoptrail(&["report", "--dest", "out", "-o", "-"]).ends(0).stdout;
    assert!(first == stdout, "all that is published is the same range");
    let stamped = page(&world, &[&RANGE[..], &["--stamp"]].concat());
    let made = between(&stamped, " Made ", " UTC.").next().unwrap();
    assert!(made.starts_with("20"), "{made}");
    assert!(stamped.replace(&format!(" Made {made} UTC."), "") == first);
}

#[test]
fn page_of_the_sample_is_as_expected() {
    crate::golden::check("report.html", &page(&built_sample(), &RANGE));
}

#[test]
fn days_that_are_missing_are_named() {
    let world = built_sample();
    let report = ["report", "--dest", "out", "-o", "page.html", "--from", "2026-10-04", "--to"];
    let run = world.hoptrail(&[&report[..], &["2026-10-08"]].concat()).ends(0);
    assert!(
        run.stderr.contains("days that are not built: 2026-10-04, 2026-10-08"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("wrote page.html") && run.stderr.contains("3 of 5 days built"));
    let page = fs::read_to_string(world.path("page.html")).unwrap();
    let named = between(&page, "<p class=\"alert\">", "</p>").next().map(text_of).unwrap();
    assert_eq!(named, "Days that are not built, and count nowhere: 2026-10-04, 2026-10-08.");
    let missing = between(&page, "<g class=\"day-missing\">", "</g>").next().unwrap();
    assert_eq!(missing.matches("<rect").count(), 2, "{missing}");
    let none = world
        .hoptrail(&["report", "--dest", "out", "-o", "none.html", "--day", "2026-11-01"])
        .ends(5);
    assert!(
        none.stderr.contains("nothing is published for these days (2026-11-01)"),
        "{}",
        none.stderr
    );
    assert!(!world.path("none.html").exists());
    // A file that was changed is named too.
    let file = world.path("out/denials/dt=2026-10-06/part-0.parquet");
    fs::remove_file(file).unwrap();
    let report = ["report", "--dest", "out", "-o", "page.html"];
    world.hoptrail(&report).ends(3);
    let page = fs::read_to_string(world.path("page.html")).unwrap();
    assert!(page.contains("denials/dt=2026-10-06/part-0.parquet</bdi>: <bdi>it does not exist"));
}

/// Names that callers choose: of roles, models, and policies.
fn page_of_names(name: &str) -> String {
    let world = World::new();
    let time = |hour: u32| format!("2026-10-05T{hour:02}:00:00Z");
    let named = |id: &str, hour: u32| {
        let record = with(
            call(id, &time(hour)),
            "/userIdentity/sessionContext/sessionIssuer/userName",
            name,
        );
        with(record, "/requestParameters/modelId", name)
    };
    let message = format!(
        "User: arn:aws:sts::111122223333:assumed-role/{name}/s is not authorized to perform: \
         bedrock:InvokeModel on resource: arn:aws:bedrock:{name}::foundation-model/{name} with an \
         explicit deny in a service control policy: \
         arn:aws:organizations::999988887777:policy/o-a/service_control_policy/{name}"
    );
    let denied = with(named("e2", 2), "/errorCode", "AccessDenied");
    let denied = with(denied, "/errorMessage", message);
    let elsewhere = with(named("e3", 3), "/additionalEventData/inferenceRegion", name);
    let elsewhere = with(elsewhere, "/awsRegion", name);
    let priced =
        with(call("e4", &time(4)), "/userIdentity/sessionContext/sessionIssuer/userName", name);
    world.object("20261005T2355Z", "a", &[named("e1", 1), denied, elsewhere, priced]);
    let ended = world.run(&["--day", "2026-10-05"]);
    assert!([0, 3].contains(&ended.code), "{}", ended.stderr);
    page(&world, &[])
}

/// The names of all tags with the names of their attributes, in order.
fn skeleton(page: &str) -> Vec<String> {
    let (_, body) = page.split_once("</style>").unwrap();
    let tag = |tag: &str| {
        let attributes = tag.split('"').step_by(2).map(str::trim).collect::<Vec<_>>();
        attributes.join(" ")
    };
    between(body, "<", ">").map(tag).collect()
}

#[test]
fn names_of_callers_are_text() {
    let plain = page_of_names("plain");
    for name in [
        "<script>alert(1)</script>",
        "\"'><svg onload=alert(1)>",
        "]]></style></title><b>",
        "javascript:alert(1)&lt;b&gt;",
        "a\u{202e}cba\u{2066}",
        "{{ 7 }}{% raw %}",
    ] {
        let page = page_of_names(name);
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{name}");
        assert_eq!(skeleton(&page), skeleton(&plain), "{name}");
        let shown = name.replace('\u{202e}', "\\u{202e}").replace('\u{2066}', "\\u{2066}");
        let tables = tables(&page);
        let cells = tables.iter().flat_map(|table| table.rows.iter().flatten());
        let n_cells = cells.filter(|cell| cell.text.contains(&shown)).count();
        assert!(n_cells > 3, "{name}: {n_cells}");
    }
}

#[test]
fn long_name_is_cut() {
    let page = page_of_names(&"n".repeat(10_000));
    assert!(page.len() < 100_000, "{}", page.len());
    assert!(page.contains(&format!("{}…", "n".repeat(100))));
}
