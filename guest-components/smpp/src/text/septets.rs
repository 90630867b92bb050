//! Packed septets: eight characters of GSM 03.38 in seven octets, as the air carries them and as some peers write them
//! (3GPP TS 23.038 §6.1.2).
//!
//! Nothing on the wire says whether septets are packed, so an account must; nor how many there are, so the end must be guessed.

use alloc::vec::Vec;

use super::split::AIR_OCTETS;

/// What the last septet holds when it holds no text: a carriage return, lest seven empty bits be read as `@`.
const PADDING: u8 = 0x0D;
/// The septet that seven empty bits are: `@`.
const EMPTY: u8 = 0x00;

/// The septets, one an octet, that `packed` holds behind a user data header of `udh_octets` (its length octet counted; 0 for
/// none). Bits that only fill up to the septet behind the header's end are skipped.
///
/// Where the septets end with the octet, the last one may be padding: a carriage return there is dropped (§6.1.2.3.1), which
/// costs text that ends in one no more than that. So is an `@`, which is what the padding of a careless peer looks like; but not
/// from 140 octets, which is what a part is that was filled to the last septet.
#[must_use]
pub fn unpack(packed: &[u8], udh_octets: usize) -> Vec<u8> {
    let mut septets = Vec::with_capacity(packed.len() * 8 / 7);
    let (mut bits, mut count, mut fill) = (0_u16, 0, fill_bits(udh_octets));
    for &octet in packed {
        bits |= u16::from(octet) << count;
        count += 8;
        bits >>= fill;
        count -= core::mem::take(&mut fill);
        while count >= 7 {
            septets.push(bits as u8 & 0x7F);
            bits >>= 7;
            count -= 7;
        }
    }
    if count == 0 {
        let is_full = udh_octets + packed.len() == AIR_OCTETS;
        let is_padding = |&mut last: &mut u8| last == PADDING || (last == EMPTY && !is_full);
        septets.pop_if(is_padding);
    }
    septets
}

/// `septets` packed, for a place behind a user data header of `udh_octets`. Where seven bits are left over at the end they hold a
/// carriage return, not an `@`. An eighth bit is dropped.
#[must_use]
pub fn pack(septets: &[u8], udh_octets: usize) -> Vec<u8> {
    let fill = fill_bits(udh_octets);
    let mut packed = Vec::with_capacity((fill + septets.len() * 7).div_ceil(8));
    let (mut bits, mut count) = (0_u16, if septets.is_empty() { 0 } else { fill });
    for &septet in septets {
        bits |= u16::from(septet & 0x7F) << count;
        count += 7;
        if count >= 8 {
            packed.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    match count {
        0 => {}
        1 => packed.push(bits as u8 | PADDING << 1),
        _ => packed.push(bits as u8),
    }
    packed
}

/// Bits between the end of a header and the next septet, counted from the header's start (3GPP TS 23.040 §9.2.3.24).
const fn fill_bits(udh_octets: usize) -> usize {
    (7 - udh_octets * 8 % 7) % 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello() {
        assert_eq!(pack(b"hello", 0), [0xE8, 0x32, 0x9B, 0xFD, 0x06]);
        assert_eq!(unpack(&[0xE8, 0x32, 0x9B, 0xFD, 0x06], 0), b"hello");
    }

    #[test]
    fn fill_bits_behind_a_header() {
        assert_eq!(pack(b"hello", 6), [0xD0, 0x65, 0x36, 0xFB, 0x0D]);
        assert_eq!(unpack(&[0xD0, 0x65, 0x36, 0xFB, 0x0D], 6), b"hello");
        assert_eq!([0, 6, 7, 8, 9, 13, 14].map(fill_bits), [0, 1, 0, 6, 5, 1, 0]);
    }

    #[test]
    fn seven_spare_bits_are_no_at() {
        assert_eq!(pack(b"abcdefg", 0), [0x61, 0xF1, 0x98, 0x5C, 0x36, 0x9F, 0x1B]);
        assert_eq!(unpack(&[0x61, 0xF1, 0x98, 0x5C, 0x36, 0x9F, 0x1B], 0), b"abcdefg");
        assert_eq!(unpack(&[0x61, 0xF1, 0x98, 0x5C, 0x36, 0x9F, 0x01], 0), b"abcdefg");
    }

    #[test]
    fn an_at_that_does_not_end_an_octet_is_text() {
        assert_eq!(unpack(&pack(b"hello\0", 0), 0), b"hello\0");
        assert_eq!(unpack(&pack(b"abcdefg\0h", 0), 0), b"abcdefg\0h");
    }

    #[test]
    fn a_part_filled_to_the_last_septet_may_end_in_an_at() {
        let mut text = [b'a'; 153];
        text[152] = 0;
        let packed = pack(&text, 6);
        assert_eq!(packed.len(), 134);
        assert_eq!(unpack(&packed, 6), text);
        text[152] = PADDING;
        assert_eq!(unpack(&pack(&text, 6), 6), text[..152]);
        let long = [&[b'a'; 167][..], &[0]].concat();
        assert_eq!(unpack(&pack(&long, 0), 0), long[..167], "147 octets are no part");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(pack(b"", 6), b"");
        assert_eq!(unpack(b"", 6), b"");
        assert_eq!(unpack(&[0x00], 6), b"", "fill bit and padding");
    }

    #[test]
    fn an_eighth_bit_is_dropped() {
        assert_eq!(pack(b"\xE8ello", 0), pack(b"hello", 0));
    }
}
