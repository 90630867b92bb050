//! An input read as decisions: an octet here, a number there. When it is over, every decision is zero.

/// The part of an input that is not read yet.
#[derive(Debug)]
pub(crate) struct Tape<'a> {
    rest: &'a [u8],
}

impl<'a> Tape<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn octet(&mut self) -> u8 {
        let [octet] = self.number();
        octet
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.number())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.number())
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        const { assert!(N > 0 && N <= 256) };
        choices[usize::from(self.octet()) % N]
    }

    /// So many octets, or as many as there are.
    pub(crate) fn octets(&mut self, count: usize) -> &'a [u8] {
        let (octets, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        octets
    }

    /// All that is left.
    pub(crate) fn all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    fn number<const N: usize>(&mut self) -> [u8; N] {
        let octets = self.octets(N);
        let mut number = [0; N];
        number[N - octets.len()..].copy_from_slice(octets);
        number
    }
}
