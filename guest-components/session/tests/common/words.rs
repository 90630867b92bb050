//! A line of a transcript as words; a word in quotes may hold blanks.

pub(crate) struct Words(Vec<String>);

impl Words {
    pub(crate) fn of(line: &str) -> Self {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                _ => words.last_mut().unwrap().push(character),
            }
        }
        Self(words)
    }

    pub(crate) fn verb(&self) -> &str {
        &self.0[0]
    }

    pub(crate) fn word(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|word| word.split_once('='))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A number in decimal.
    pub(crate) fn number<T: std::str::FromStr>(&self, place: usize) -> T {
        self.word(place)
            .parse()
            .ok()
            .unwrap_or_else(|| panic!("word {place} of {:?} is no number", self.0))
    }

    /// An octet in hex.
    pub(crate) fn octet(&self, name: &str, default: u8) -> u8 {
        self.get(name).map_or(default, |value| u8::from_str_radix(value, 16).unwrap())
    }
}

pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
