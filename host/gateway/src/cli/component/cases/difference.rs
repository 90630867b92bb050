//! What was expected beside what came, line by line. In what is expected `[..]` stands for anything on a line, and `...` alone for any
//! lines, none of them included.

/// Any lines.
const ANY_LINES: &str = "...";

/// A line of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    /// As expected; this is what was written.
    Same(&'a str),
    /// Expected, and not there.
    Less(&'a str),
    /// There, and not expected.
    More(&'a str),
}

impl<'a> Difference<'a> {
    /// The shortest way from one to the other.
    pub fn between(expected: &'a [String], did: &'a [String]) -> Vec<Self> {
        // How many lines are the same from here on, for every pair of places.
        let width = did.len() + 1;
        let mut same_from = vec![0_u32; (expected.len() + 1) * width];
        for (at, line) in expected.iter().enumerate().rev() {
            for (place, came) in did.iter().enumerate().rev() {
                let here = at * width + place;
                same_from[here] = match line != ANY_LINES && same(line, came) {
                    true => same_from[here + width + 1] + 1,
                    false => same_from[here + width].max(same_from[here + 1]),
                };
            }
        }
        let (mut at, mut place) = (0, 0);
        let mut differences = Vec::new();
        loop {
            differences.push(match (expected.get(at), did.get(place)) {
                (Some(line), Some(_))
                    if line == ANY_LINES && same_from[at * width + place + 1] >= same_from[(at + 1) * width + place] =>
                {
                    place += 1;
                    continue;
                }
                (Some(line), _) if line == ANY_LINES => {
                    at += 1;
                    Self::Same(line)
                }
                (Some(line), Some(came)) if same(line, came) => {
                    (at, place) = (at + 1, place + 1);
                    Self::Same(line)
                }
                (Some(line), Some(_)) if same_from[(at + 1) * width + place] >= same_from[at * width + place + 1] => {
                    at += 1;
                    Self::Less(line)
                }
                (Some(line), None) => {
                    at += 1;
                    Self::Less(line)
                }
                (_, Some(came)) => {
                    place += 1;
                    Self::More(came)
                }
                (None, None) => return differences,
            });
        }
    }
}

/// Whether all lines are as expected.
pub fn is_as_expected(expected: &[String], did: &[String]) -> bool {
    let all = Difference::between(expected, did);
    all.iter().all(|difference| matches!(difference, Difference::Same(_)))
}

/// Whether a line is as expected.
fn same(expected: &str, did: &str) -> bool {
    let (expected, did) = (expected.trim_end(), did.trim_end());
    let Some((first, mut pieces)) = expected.split_once("[..]") else {
        return expected == did;
    };
    let Some(mut rest) = did.strip_prefix(first) else {
        return false;
    };
    while let Some((piece, behind)) = pieces.split_once("[..]") {
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
        pieces = behind;
    }
    rest.ends_with(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dots_stand_for_anything() {
        for (expected, did, is_same) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a[..]", "abc", true),
            ("a[..]c[..]e", "abcde", true),
            ("a[..]c[..]e", "abde", false),
            ("[..]", "", true),
            ("a[..]a", "a", false),
            ("", "", true),
        ] {
            assert_eq!(same(expected, did), is_same, "{expected:?} {did:?}");
        }
    }

    #[test]
    fn three_dots_stand_for_any_lines() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (expected, did, is_so) in [
            ("...", "a b", true),
            ("a ... c", "a c", true),
            ("a ... c", "a b b c", true),
            ("a ... c", "a c d", false),
            ("a ... c", "a b", false),
            ("a ... ... c ...", "a c c", true),
            ("a", "...", false),
        ] {
            assert_eq!(is_as_expected(&lines(expected), &lines(did)), is_so, "{expected:?} {did:?}");
        }
        use Difference::{Less, More, Same};
        let (expected, did) = (lines("a ... c e"), lines("a b b c d"));
        let way = Difference::between(&expected, &did);
        assert_eq!(way, [Same("a"), Same("..."), Same("c"), Less("e"), More("d")]);
    }

    #[test]
    fn the_shortest_way_is_found() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (expected, did) = (lines("a b c"), lines("a x c d"));
        let way = Difference::between(&expected, &did);
        use Difference::{Less, More, Same};
        assert_eq!(way, [Same("a"), Less("b"), More("x"), Same("c"), More("d")]);
    }
}
