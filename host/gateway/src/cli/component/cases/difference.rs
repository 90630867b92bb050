//! What was expected beside what came, line by line. `[..]` in what is expected stands for anything.

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
                same_from[here] = match same(line, came) {
                    true => same_from[here + width + 1] + 1,
                    false => same_from[here + width].max(same_from[here + 1]),
                };
            }
        }
        let (mut at, mut place) = (0, 0);
        let mut differences = Vec::new();
        loop {
            differences.push(match (expected.get(at), did.get(place)) {
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

/// Whether a line is as expected.
pub fn same(expected: &str, did: &str) -> bool {
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
    fn the_shortest_way_is_found() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (expected, did) = (lines("a b c"), lines("a x c d"));
        let way = Difference::between(&expected, &did);
        use Difference::{Less, More, Same};
        assert_eq!(way, [Same("a"), Less("b"), More("x"), Same("c"), More("d")]);
    }
}
