//! Whether one pattern matches all that another one matches: decided by their languages, not by their looks.

use super::Glob;
use super::product::{Budget, combinations};

/// The most steps that a comparison takes; patterns of policies take some thousands.
const MAX_STEPS: usize = 50_000;

/// Whether `wide` matches every text that `narrow` matches. A comparison that takes too long says no.
pub(crate) fn covers(wide: &Glob, narrow: &Glob) -> bool {
    if wide == narrow || wide.is_everything() {
        return true;
    }
    // Most patterns do not even match the shortest text of another one.
    if !wide.is_match(&narrow.shortest()) {
        return false;
    }
    combinations(&[vec![wide]], &[narrow], &mut Budget(MAX_STEPS))
        .is_ok_and(|found| found.iter().all(|it| !it.matched.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::symbols;
    use super::*;

    #[test]
    fn inclusion_is_that_of_languages() {
        let text = |text: &str| Glob::text(&symbols(text), true, false);
        for (wide, narrow, expected) in [
            ("*", "", true),
            ("*", "?*", true),
            ("?*", "*", false),
            ("*?", "?*", true),
            ("a*", "ab*", true),
            ("ab*", "a*", false),
            ("*a*", "*aa*", true),
            ("*a*b*", "a*b", true),
            ("*a*b*", "b*a", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("??", "a?", true),
            ("a?", "??", false),
            ("**", "*", true),
            ("A", "a", false),
        ] {
            assert_eq!(covers(&text(wide), &text(narrow)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn case_and_colons_count_as_they_do_in_matches() {
        let action = Glob::action;
        assert!(covers(&action("BEDROCK:Invoke*"), &action("bedrock:invokemodel*")));
        assert!(covers(&action("s3:get*"), &action("S3:GET*")));
        let resource = |text: &str| Glob::resource(&symbols(text));
        let (region, all) = ("arn:aws:bedrock:*::foundation-model/a", "arn:aws:bedrock:*");
        assert!(covers(&resource(all), &resource(region)));
        assert!(!covers(&resource("arn:aws:bedrock:u*s::x"), &resource(region)));
        assert!(covers(&resource(region), &resource("arn:aws:bedrock:::foundation-model/a")));
        assert!(!covers(&resource("arn:aws:s3:::A"), &resource("arn:aws:s3:::a")));
        let arn = |text: &str| Glob::arn(&symbols(text)).unwrap();
        let (all, role) = ("arn:*:iam::*:role/*", "arn:aws:iam::1:role/a/b:c");
        assert!(covers(&arn(all), &arn(role)));
        assert!(!covers(&arn(role), &arn(all)));
        // In an ARN, a wildcard stays within its part; in a text, it does not.
        let like = |text: &str| Glob::text(&symbols(text), true, false);
        assert!(covers(&like("a:*:f"), &like("a:b:c:d:e:f")));
        assert!(!covers(&arn("a:*:c:d:e:f"), &arn("a:b:*:d:e:f")));
        let any_case = Glob::text(&symbols("us"), false, true);
        assert!(!covers(&like("us"), &any_case));
        assert!(covers(&any_case, &like("US")));
    }

    #[test]
    fn hostile_patterns_are_given_up() {
        let many = format!("*a{}", "?".repeat(40));
        let other = format!("*b{}", "?".repeat(40));
        let text = |text: &str| Glob::text(&symbols(text), true, false);
        assert!(!covers(&text(&many), &text(&other)));
    }
}
