use crate::organization::organization;

#[test]
fn page_of_a_quarter_year_is_small() {
    let report = organization(90);
    let n_calls = report.hours.iter().map(|hour| hour.calls).sum::<u64>();
    assert!(n_calls > 9_000_000, "{n_calls}");
    let page = report::html(&report).expect("a page");
    if let Some(file) = std::env::var_os("PAGE") {
        std::fs::write(file, &page).expect("written");
    }
    assert!(page.len() < 1_000_000, "{}", page.len());
}
