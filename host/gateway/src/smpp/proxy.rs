//! The PROXY protocol, v1 and v2: what a load balancer says of the connection that it passes on, before its first octet. Octets
//! in, an address out; never reads an octet behind the header.
//!
//! Source of the rules: "The PROXY protocol", versions 1 and 2, HAProxy, §2.

use crate::limits::PROXY_HEADER_OCTETS_MAX;
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The beginning of a v2 header.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The beginning of a v1 header.
const WORD: &[u8] = b"PROXY ";

/// The shortest header of all.
const SHORTEST: &[u8] = b"PROXY UNKNOWN\r\n";

/// Octets of the longest v1 header, its line end included.
const LINE_OCTETS_MAX: usize = 107;

/// Octets of a v2 header in front of its addresses.
const FIXED_OCTETS: usize = 16;

/// What the octets of a header, or of its beginning, come to.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// At least so many octets more belong to the header, and more than zero.
    More(usize),
    /// The header is whole: who connected to the proxy, or none where the proxy speaks for itself or cannot tell.
    Whole(Option<SocketAddr>),
}

/// Why no header is there. The peer is to blame; what follows is the end of its connection.
#[derive(Debug)]
pub enum BadHeader {
    /// The first octets begin neither version.
    Absent,
    /// A v1 line that does not say what it must.
    Line,
    /// A v2 version, command, family or length that is not one of the specification's.
    Binary,
    /// A v2 header of so many octets.
    TooLong(usize),
    /// The socket ended or failed before the header did.
    Socket(io::Error),
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "no PROXY header"),
            Self::Line => write!(f, "a PROXY v1 line that says something else"),
            Self::Binary => write!(f, "a PROXY v2 header that says something else"),
            Self::TooLong(length) => write!(f, "a PROXY header of {length} octets exceeds {PROXY_HEADER_OCTETS_MAX}"),
            Self::Socket(error) => write!(f, "socket: {error}"),
        }
    }
}

/// Reads a header and nothing behind it.
///
/// # Errors
/// There is none, or no good one.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<SocketAddr>, BadHeader> {
    let mut header = Vec::new();
    loop {
        let more = match parse(&header)? {
            Progress::Whole(source) => return Ok(source),
            Progress::More(more) => more as u64,
        };
        let taken = stream.take(more).read_buf(&mut header).await.map_err(BadHeader::Socket)?;
        if taken == 0 {
            return Err(BadHeader::Socket(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// Looks at what is there of a header.
pub fn parse(octets: &[u8]) -> Result<Progress, BadHeader> {
    if octets.is_empty() {
        Ok(Progress::More(SHORTEST.len()))
    } else if begins(octets, SIGNATURE) {
        binary(octets)
    } else if begins(octets, WORD) {
        line(octets)
    } else {
        Err(BadHeader::Absent)
    }
}

/// Whether these octets begin with this word, as far as both go.
fn begins(octets: &[u8], word: &[u8]) -> bool {
    octets.iter().zip(word).all(|(octet, expected)| octet == expected)
}

/// §2.1: `PROXY TCP4 192.0.2.1 198.51.100.1 51234 2775\r\n`.
fn line(octets: &[u8]) -> Result<Progress, BadHeader> {
    let Some(end) = octets.windows(2).position(|pair| pair == b"\r\n") else {
        let more = if octets.ends_with(b"\r") { 1 } else { 2 };
        if octets.len() + more > LINE_OCTETS_MAX {
            return Err(BadHeader::Line);
        }
        return Ok(Progress::More(more));
    };
    let mut words = octets[WORD.len()..end].split(|octet| *octet == b' ');
    let address = match words.next() {
        Some(b"UNKNOWN") => return Ok(Progress::Whole(None)),
        Some(b"TCP4") => addresses::<Ipv4Addr>(&mut words),
        Some(b"TCP6") => addresses::<Ipv6Addr>(&mut words),
        _ => None,
    };
    match (address, words.next()) {
        (Some(source), None) => Ok(Progress::Whole(Some(source))),
        _ => Err(BadHeader::Line),
    }
}

/// Source and destination address, source and destination port: the source of them.
fn addresses<'a, A>(words: &mut impl Iterator<Item = &'a [u8]>) -> Option<SocketAddr>
where
    A: FromStr + Into<IpAddr>,
{
    let mut text = || str::from_utf8(words.next()?).ok();
    let (source, destination): (A, Result<A, _>) = (text()?.parse().ok()?, text()?.parse());
    let (source_port, destination_port) = (port(text()?)?, port(text()?));
    destination.ok().and(destination_port)?;
    Some(SocketAddr::new(source.into(), source_port))
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// §2.2: signature, version and command, family and transport, the length of what follows, addresses, then TLVs that say nothing
/// to us.
fn binary(octets: &[u8]) -> Result<Progress, BadHeader> {
    let Some(fixed) = octets.first_chunk::<FIXED_OCTETS>() else {
        return Ok(Progress::More(FIXED_OCTETS - octets.len()));
    };
    let [command, family, high, low] = *fixed.last_chunk::<4>().unwrap_or(&[0; 4]);
    let length = FIXED_OCTETS + usize::from(u16::from_be_bytes([high, low]));
    if length > PROXY_HEADER_OCTETS_MAX {
        return Err(BadHeader::TooLong(length));
    }
    let Some(rest) = octets.get(FIXED_OCTETS..length) else {
        return Ok(Progress::More(length - octets.len()));
    };
    match (command, family) {
        // LOCAL: the proxy's own health check. PROXY with UNSPEC or a Unix socket: nothing that we could take for an address.
        (0x20, _) | (0x21, 0x00 | 0x31) => Ok(Progress::Whole(None)),
        (0x21, 0x11) => {
            let source = rest
                .first_chunk::<12>()
                .and_then(|block| Some((*block.first_chunk::<4>()?, [block[8], block[9]])));
            whole(source)
        }
        (0x21, 0x21) => {
            let source = rest
                .first_chunk::<36>()
                .and_then(|block| Some((*block.first_chunk::<16>()?, [block[32], block[33]])));
            whole(source)
        }
        _ => Err(BadHeader::Binary),
    }
}

fn whole<A: Into<IpAddr>>(source: Option<(A, [u8; 2])>) -> Result<Progress, BadHeader> {
    let (address, port) = source.ok_or(BadHeader::Binary)?;
    let source = SocketAddr::new(address.into(), u16::from_be_bytes(port));
    Ok(Progress::Whole(Some(source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header_of_line(source: SocketAddr) -> Vec<u8> {
        let (family, destination) = match source.ip() {
            IpAddr::V4(_) => ("TCP4", "198.51.100.1"),
            IpAddr::V6(_) => ("TCP6", "2001:db8::1"),
        };
        format!("PROXY {family} {} {destination} {} 2775\r\n", source.ip(), source.port()).into_bytes()
    }

    fn binary_header(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u16::try_from(block.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, block].concat()
    }

    fn header_of_binary(source: SocketAddr, tlvs: &[u8]) -> Vec<u8> {
        let ports = [source.port().to_be_bytes(), [0x0A, 0xD7]].concat();
        match source.ip() {
            IpAddr::V4(address) => binary_header(
                0x21,
                0x11,
                &[&address.octets(), &[198, 51, 100, 1][..], &ports, tlvs].concat(),
            ),
            IpAddr::V6(address) => binary_header(0x21, 0x21, &[&address.octets(), &[7; 16][..], &ports, tlvs].concat()),
        }
    }

    /// Reads a header from a stream that goes on with `hello`, a few octets at a time.
    fn source_in(header: &[u8], at_a_time: usize) -> Result<Option<SocketAddr>, String> {
        let stream = [header, b"hello"].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut near, far) = tokio::io::duplex(at_a_time);
            let writes = tokio::spawn(async move {
                let mut far = far;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut far, &stream).await;
            });
            let source = read(&mut near).await.map_err(|error| error.to_string())?;
            let mut rest = Vec::new();
            near.read_to_end(&mut rest).await.unwrap();
            writes.await.unwrap();
            assert_eq!(rest, b"hello", "octets behind the header were taken");
            Ok(source)
        })
    }

    fn any_source() -> impl Strategy<Value = SocketAddr> {
        let address = prop_oneof![
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u8; 16]>().prop_map(IpAddr::from)
        ];
        (address, any::<u16>()).prop_map(|(address, port)| SocketAddr::new(address, port))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_source_is_read_however_the_octets_come(source in any_source(), at_a_time in 1_usize..200, tlvs in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(source_in(&header_of_line(source), at_a_time), Ok(Some(source)));
            prop_assert_eq!(source_in(&header_of_binary(source, &tlvs), at_a_time), Ok(Some(source)));
        }

        #[test]
        fn nothing_that_comes_panics_or_makes_a_header_grow_without_bound(
            start in prop_oneof![Just(WORD), Just(&SIGNATURE[..]), Just(&b""[..])],
            octets in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let octets = [start, &octets].concat();
            for end in 0..=octets.len() {
                match parse(&octets[..end]) {
                    Ok(Progress::More(more)) => prop_assert!(more > 0 && end + more <= PROXY_HEADER_OCTETS_MAX, "{more} behind {end}"),
                    Ok(Progress::Whole(_)) | Err(_) => break,
                }
            }
        }
    }

    #[test]
    fn the_proxy_speaks_for_itself() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n".to_vec(),
            binary_header(0x20, 0x00, &[]),
            binary_header(0x20, 0x11, &[1; 12]),
            binary_header(0x21, 0x00, b"tlvs"),
            binary_header(0x21, 0x31, &[b'/'; 216]),
        ] {
            assert_eq!(source_in(&header, 64), Ok(None), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused_as_soon_as_that_is_clear() {
        for octets in [
            &b"\0"[..],
            b"GET / HTTP/1.1\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
            b"PROXY TCP4 192.0.2.1 nowhere 1 2\r\n",
            b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXY SCTP 192.0.2.1 198.51.100.1 1 2\r\n",
            b"PROXY \r\n",
        ] {
            assert!(parse(octets).is_err(), "{}", octets.escape_ascii());
        }
        for header in [
            binary_header(0x11, 0x11, &[0; 12]),
            binary_header(0x22, 0x11, &[0; 12]),
            binary_header(0x21, 0x12, &[0; 12]),
            binary_header(0x21, 0x11, &[0; 11]),
            binary_header(0x21, 0x21, &[0; 35]),
        ] {
            assert!(parse(&header).is_err(), "{header:?}");
        }
    }

    #[test]
    fn a_header_has_its_length_at_most() {
        let longest = binary_header(0x20, 0, &vec![0; PROXY_HEADER_OCTETS_MAX - FIXED_OCTETS]);
        assert_eq!(source_in(&longest, 64), Ok(None));
        let longer = binary_header(0x20, 0, &vec![0; PROXY_HEADER_OCTETS_MAX - FIXED_OCTETS + 1]);
        assert!(matches!(parse(&longer[..FIXED_OCTETS]), Err(BadHeader::TooLong(537))));
        let line = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; LINE_OCTETS_MAX]].concat();
        assert!(matches!(parse(&line[..LINE_OCTETS_MAX - 2]), Ok(Progress::More(2))));
        assert!(matches!(parse(&line[..LINE_OCTETS_MAX]), Err(BadHeader::Line)));
    }
}
