//! Optional parameters: an area, read, walked over and written again.

use edgebind_smpp::{TlvList, Tlvs};

use super::golden;
use crate::{memory, target::Target};

/// The area.
pub(crate) const TARGET: Target = Target {
    name: "tlvs",
    run,
    seeds,
    octets_max: 512,
};

fn run(input: &[u8]) {
    let (tlvs, asked) = memory::of(|| Tlvs::read(input));
    assert_eq!(asked.times, 0, "reading allocates nothing");
    assert_eq!(
        tlvs.as_ref().map(Tlvs::octets),
        model(input),
        "whole parameters, and what is forgiven around them"
    );
    let Some(tlvs) = tlvs else { return };
    let mut list = TlvList::new();
    for tlv in tlvs {
        // Reserved values are as if they were absent.
        assert!(tlvs.get(tlv.tag).is_none_or(|found| found.tag == tlv.tag));
        assert!(tlv.c_string().len() <= tlv.value.len() && !tlv.c_string().contains(&0));
        assert_eq!(tlv.u8().is_some(), tlv.value.len() == 1);
        assert_eq!(tlv.u16().is_some(), tlv.value.len() == 2);
        assert!(!format!("{tlv:?}").is_empty());
        list.push(tlv.tag, tlv.value)
            .expect("a value that was read is no longer than 65535 octets");
    }
    assert_eq!(list.tlvs(), tlvs, "what is walked over is what there is");
    assert_eq!(tlvs.is_empty(), tlvs.iter().next().is_none());
}

/// The rule in the plainest words: parameters until fewer than four octets are left; if that fails, once more without a NUL in
/// front.
fn model(area: &[u8]) -> Option<&[u8]> {
    let whole = |area: &[u8]| {
        let mut at = 0;
        while at + 4 <= area.len() {
            let length = usize::from(area[at + 2]) * 256 + usize::from(area[at + 3]);
            at += 4 + length;
        }
        (at <= area.len()).then_some(at)
    };
    if let Some(end) = whole(area) {
        return Some(&area[..end]);
    }
    let shifted = area.strip_prefix(&[0])?;
    whole(shifted).map(|end| &shifted[..end])
}

/// What stands behind the mandatory fields of the golden frames, and a little of those.
fn seeds() -> Vec<Vec<u8>> {
    let tails = golden::frames()
        .iter()
        .flat_map(|frame| (16..frame.len()).map(|at| frame[at..].to_vec()));
    tails
        .filter(|tail| Tlvs::read(tail).is_some_and(|tlvs| !tlvs.is_empty()))
        .collect()
}
