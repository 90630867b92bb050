//! The user data header: elements read, numbers of parts found, and both written again.

use edgebind_smpp::udh::{self, Udh};

use crate::{hex, memory, target::Target};

/// User data with a header in front.
pub(crate) const TARGET: Target = Target {
    name: "headers",
    run,
    seeds,
    octets_max: 300,
};

fn run(input: &[u8]) {
    let (parsed, asked) = memory::of(|| {
        Udh::parse(input).map(|(header, payload)| {
            let last = header.elements().last();
            (header, payload, last, header.concatenation(), header.ports())
        })
    });
    assert_eq!(asked.times, 0, "reading allocates nothing");
    let (header, payload, last, concatenation, ports) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!([header.octets(), payload].concat(), input, "no octet is lost");
    let elements: usize = header.elements().map(|element| element.value.len() + 2).sum();
    assert!(elements < header.octets().len(), "elements lie within the header");
    assert!(last.is_some() || elements == 0);
    if let Some(concatenation) = concatenation {
        assert!((1..=concatenation.total).contains(&concatenation.index));
        assert!(concatenation.wide || concatenation.reference < 256);
    }
    let mut written = Vec::new();
    udh::write(&mut written, concatenation, ports);
    assert_eq!(written.len(), udh::header_len(concatenation, ports));
    match Udh::parse(&written) {
        Ok((again, rest)) => {
            assert_eq!((again.concatenation(), again.ports()), (concatenation, ports));
            assert!(rest.is_empty());
        }
        Err(_) => assert_eq!((concatenation, ports), (None, None)),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "05 00 03 2a 02 01 48656c6c6f",
        "06 08 04 01 2a 03 03 4869",
        "0c 08 04 01 2a 03 03 05 04 15 8a 00 00",
        "04 04 02 f0 f1 78",
        "03 24 01 01 61",
        "0b 00 03 01 02 01 25 01 02 01 02 80 01",
        "00",
        "05 00 03 2a",
    ]
    .map(|text| hex::read(text).expect("this is hex"))
    .to_vec()
}
