//! Names are text, wherever they are.

use report::Report;

use crate::organization::organization;

const HOSTILE: &str = "x\"'><script>alert(1)</script>]]></style></title>&lt;";

/// The report with a text in place of every name.
fn named(name: &str) -> Report {
    let mut report = organization(2);
    let set = |text: &mut Option<String>| *text = Some(name.to_owned());
    report.dest = name.to_owned();
    report.show_options = name.to_owned();
    report.unreadable = vec![(name.to_owned(), name.to_owned())];
    report.price_versions = vec![name.to_owned()];
    report.stamp = Some(name.to_owned());
    for hour in &mut report.hours {
        [&mut hour.source, &mut hour.scope].into_iter().for_each(set);
    }
    for (place, path) in report.paths.iter_mut().enumerate() {
        [&mut path.source, &mut path.scope, &mut path.model].into_iter().for_each(set);
        path.inference = Some(format!("{name}{}", place % 3));
    }
    report.model_days.iter_mut().for_each(|row| set(&mut row.model));
    for costs in [&mut report.accounts, &mut report.principals, &mut report.profiles] {
        costs.truncate(1);
        costs.iter_mut().for_each(|row| set(&mut row.name));
    }
    report.gaps.iter_mut().for_each(|row| set(&mut row.gap));
    for row in &mut report.denials {
        let texts = [&mut row.blocked, &mut row.policy_type, &mut row.policy_arn, &mut row.leg];
        texts.into_iter().chain([&mut row.scope]).for_each(set);
    }
    let approved = report.approved.as_mut().expect("a list");
    approved.option = name.to_owned();
    for row in &mut approved.outside {
        let texts = [&mut row.account, &mut row.profile, &mut row.source];
        texts.into_iter().chain([&mut row.inference]).for_each(set);
    }
    for row in &mut report.unresolved {
        [&mut row.model_ref, &mut row.reason].into_iter().for_each(set);
    }
    report
}

/// The page with the texts between tags and the values of attributes taken out.
fn skeleton(page: &str) -> Vec<String> {
    let (_, body) = page.split_once("</style>").expect("a style sheet");
    let tags = body.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
    tags.map(|tag| tag.split('"').step_by(2).collect::<Vec<_>>().join("\"")).collect()
}

#[test]
fn name_is_text_wherever_it_is() {
    let page = report::html(&named(HOSTILE)).expect("a page");
    let plain = report::html(&named(&"n".repeat(HOSTILE.len()))).expect("a page");
    assert!(skeleton(&page) == skeleton(&plain));
    assert!(!page.contains("<script") && !page.contains("alert(1)</script>"));
    let n_names = page.matches("&#60;script&#62;alert(1)").count();
    assert!(n_names > 100, "{n_names}");
}
