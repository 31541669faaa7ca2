//! What is wrong with a price file, line by line.

use bedrock::price::{EMBEDDED, Finding, Role, check};
use bedrock::{Catalog, Regions};

const HEADER: &str = "model_id,routing,source_region,service_tier,context_over_tokens,\
    token_kind,usd_per_million,valid_from,valid_until,source,source_date\n";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn findings(text: &str, role: Role) -> Vec<String> {
    let found = check(text, role, &Catalog::embedded(), &Regions::embedded());
    found.iter().map(Finding::to_string).collect()
}

/// Checks files that are divided by empty lines. Their rows are written without model and source;
/// behind ` ! ` is what is wrong with a row.
fn check_rows(files: &str) {
    for file in files.trim().split("\n\n") {
        let (mut text, mut expected) = (HEADER.to_owned(), Vec::new());
        for (number, row) in (2..).zip(file.lines()) {
            let (row, problem) = row.split_once(" ! ").unwrap_or((row, ""));
            text += &format!("{NOVA},{row},s,2026-01-01\n");
            if !problem.is_empty() {
                expected.push(format!("line {number}: {problem}"));
            }
        }
        assert_eq!(findings(&text, Role::Book), expected, "{file}");
    }
}

#[test]
fn embedded_book_is_valid() {
    assert_eq!(findings(EMBEDDED, Role::Book), [""; 0]);
}

#[test]
fn invalid_line_is_found() {
    check_rows(
        "\
global,*,standard,0,input,0,,
global,*,standard,0,output,0,,
a ! expected 11 fields, found 4
local,*,standard,0,input,1,, ! routing: expected one of global, regional, found `local`
global,*,gold,0,input,1,, ! service_tier: expected one of batch, flex, latency_optimized, priority, standard, ultrafast, found `gold`
global,*,flex,0,image,1,, ! token_kind: expected one of input, output, cache_read, cache_write_5m, cache_write_1h, found `image`
global,*,flex,-1,input,1,, ! context_over_tokens: expected a number of tokens, found `-1`
global,*,flex,99999999999999999999,input,1,, ! context_over_tokens: expected a number of tokens, found `99999999999999999999`
global,*,flex,0,input,-1,, ! usd_per_million: expected a number that is not negative, found `-1`
global,*,flex,0,input,1e3,, ! usd_per_million: expected a plain decimal number such as 3 or 0.25, found `1e3`
global,*,flex,0,input,0.0000001,, ! usd_per_million: expected at most 6 decimal places, found `0.0000001`
global,*,flex,0,input,,, ! usd_per_million: missing
global, *,flex,0,input,1,, ! source_region: white space around the value
global,*,flex,0,input,1,2026-07-30,2026-07-30 ! valid_from must be before valid_until
global,*,flex,0,input,1,2026-7-30, ! valid_from: expected a date YYYY-MM-DD, found `2026-7-30`
global,*,flex,0,input,1,20260730, ! valid_from: expected a date YYYY-MM-DD, found `20260730`
global,*,flex,0,input,1,2026-02-30, ! valid_from: expected a date YYYY-MM-DD, found `2026-02-30`
global,*,flex,0,input,1,2026-07-30T00:00, ! valid_from: expected a date YYYY-MM-DD, found `2026-07-30T00:00`
global,*,flex,0,input,1,2026-07-1 , ! valid_from: white space around the value",
    );
    let unsourced = format!("{HEADER}{NOVA},global,*,flex,0,input,1,,,s,\n");
    assert_eq!(findings(&unsourced, Role::Book), ["line 2: source_date: missing"]);
}

#[test]
fn unknown_name_is_found() {
    let check_key = |model_id: &str, region: &str, expected: &str| {
        let line =
            |kind: &str| format!("{model_id},global,{region},flex,0,{kind},1,,,s,2026-01-01\n");
        let text = format!("{HEADER}{}{}", line("input"), line("output"));
        let expected = [format!("line 2: {expected}"), format!("line 3: {expected}")];
        assert_eq!(findings(&text, Role::Book), expected);
    };
    for (model, nearest) in
        [("amazon.nova-9", "amazon.nova-pro-v1:0"), ("us.amazon.nova-lite-v1:0", NOVA)]
    {
        let expected = format!("model_id: unknown model `{model}`; the nearest is `{nearest}`");
        check_key(model, "*", &expected);
    }
    let other = "model_id: `deepseek.v3.1` is another id of `deepseek.v3-v1:0`; \
        prices are listed under the latter";
    check_key("deepseek.v3.1", "*", other);
    check_key(NOVA, "us-east-9", "source_region: unknown Region `us-east-9`");
}

#[test]
fn contradiction_between_lines_is_found() {
    check_rows(
        "\
global,*,standard,0,input,1,,
global,*,standard,0,output,2,,

global,*,standard,0,input,1,, ! input has a price here, output has none

global,*,standard,0,cache_read,1,, ! cache_read has a price here, input has none

global,*,standard,0,input,1,,
global,*,standard,0,input,1,, ! a second price for the days of line 2
global,*,standard,0,output,2,,

global,*,standard,0,input,1,,2026-03-02
global,*,standard,0,input,2,2026-03-01, ! a second price for the days of line 2
global,*,standard,0,output,2,,

global,*,standard,0,input,1,,2026-03-01
global,*,standard,0,input,2,2026-03-02, ! no price between 2026-03-01 (line 2) and 2026-03-02
global,*,standard,0,output,2,,

global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
regional,eu-west-1,standard,0,input,0.9,, ! global costs more than regional (line 2)
regional,eu-west-1,standard,0,output,2,,

global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
global,*,standard,0,cache_read,1.1,, ! cache_read costs more than input (line 2)

global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
global,us-east-1,batch,0,input,1.1,, ! batch costs more than standard (line 2)
global,us-east-1,batch,0,output,2,,",
    );
    // A row for all commercial Regions does not apply in GovCloud.
    check_rows(
        "\
global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
global,us-gov-west-1,batch,0,input,1.1,, ! input has a price here, output has none",
    );
}

#[test]
fn incomplete_band_is_found() {
    check_rows(
        "\
global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
global,*,standard,200000,input,2,,
global,*,standard,200000,output,3,,

global,*,standard,0,input,1,,
global,*,standard,0,output,2,, ! no output price over 200000 tokens, although other kinds have one
global,*,standard,200000,input,2,, ! input has a price here, output has none

global,*,standard,200000,input,2,, ! no price under this band for all of its time
global,*,standard,200000,output,3,, ! no price under this band for all of its time

global,*,standard,0,input,1,,2026-03-01
global,*,standard,0,output,2,,
global,*,standard,200000,input,2,, ! no price under this band for all of its time
global,*,standard,200000,output,3,,

global,*,standard,0,input,1,,
global,*,standard,0,output,2,,
global,*,standard,200000,input,0.9,, ! cheaper than below the band (line 2)
global,*,standard,200000,output,3,,",
    );
    // A base in two parts applies all the time.
    check_rows(
        "\
global,*,standard,0,input,1,,2026-03-01
global,*,standard,0,input,1.5,2026-03-01,
global,*,standard,0,output,2,,
global,*,standard,200000,input,2,,
global,*,standard,200000,output,3,,",
    );
}

#[test]
fn overrides_may_lack_what_the_book_has() {
    let rows = format!("{NOVA},global,*,standard,0,input,0.50,,,,\n");
    assert_eq!(findings(&format!("{HEADER}{rows}"), Role::Overrides), [""; 0]);
    let band = rows.replace(",0,input", ",200000,input");
    assert_eq!(findings(&format!("{HEADER}{rows}{band}"), Role::Overrides), [""; 0]);
    assert_eq!(findings(&format!("{HEADER}{rows}"), Role::Book), ["line 2: source: missing"]);
}

#[test]
fn line_number_is_right_with_any_line_ending() {
    let bad = format!("{NOVA},global,*,standard,0,input,x,,,s,2026-01-01");
    let good = format!("{NOVA},global,*,standard,0,input,1,,,\"a, b\",2026-01-01");
    for (text, line) in [
        (format!("{HEADER}{good}\n{bad}\n"), 3),
        (format!("{HEADER}{good}\n{bad}"), 3),
        (format!("\u{feff}{HEADER}{good}\n{bad}\n"), 3),
        (format!("{HEADER}{good}\n{bad}\n").replace('\n', "\r\n"), 3),
        (format!("{HEADER}\n\n{good}\n\n{bad}\n"), 6),
    ] {
        let (found, start) = (findings(&text, Role::Book), format!("line {line}: usd_per"));
        assert!(found.iter().any(|found| found.starts_with(&start)), "{found:?}");
    }
    let header = findings("model,price\nx,1\n", Role::Book);
    assert!(header[0].starts_with("line 1: expected the columns model_id,"), "{header:?}");
    let header = findings(&HEADER.replace("_date", "_date,note"), Role::Overrides);
    assert!(header[0].contains("source_date,note"), "{header:?}");
    assert!(findings("", Role::Book)[0].starts_with("line 1: expected the columns"));
}
