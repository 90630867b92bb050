//! What was said on TCP connections, as the file that a packet sniffer would have written (libpcap, raw IPv4): headers are made
//! up, octets and their order are not. Whose decoder reads it is not its concern.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the listener is in the capture, wherever it was: decoders know SMPP by it.
pub const PORT: u16 = 2775;
/// What fits into a packet on Ethernet, behind the headers of IPv4 and TCP.
const SEGMENT: usize = 1460;
/// LINKTYPE_RAW: packets begin with the header of IP.
const RAW_IP: u32 = 101;

/// The lengths that PDUs have: a header, and no more than 64 KiB of text with its fields.
const PDU: RangeInclusive<usize> = 16..=0x1_1000;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x08;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who connected: an ESME, or a gateway with outbind.
    Caller,
    /// Who was connected to.
    Listener,
}

/// A growing capture.
#[derive(Debug, Default)]
pub struct Capture {
    packets: Vec<Packet>,
    connections: Vec<Connection>,
}

/// A connection of a capture.
#[derive(Debug, Clone, Copy)]
pub struct Id(usize);

#[derive(Debug)]
struct Packet {
    from: Side,
    /// Since 1970.
    at: Duration,
    /// From the header of IP on.
    octets: Vec<u8>,
}

#[derive(Debug, Default)]
struct Connection {
    caller: Speaker,
    listener: Speaker,
}

#[derive(Debug, Default)]
struct Speaker {
    /// The sequence number that it uses next.
    next: u32,
    frames: Frames,
}

/// Counts the PDUs of one side by their command_length alone.
#[derive(Debug, Default)]
struct Frames {
    whole: usize,
    rest: Vec<u8>,
}

impl Capture {
    /// A connection comes up.
    pub fn open(&mut self) -> Id {
        let id = Id(self.connections.len());
        self.connections.push(Connection::default());
        self.packet(id, Side::Caller, SYN, &[]);
        self.packet(id, Side::Listener, SYN | ACK, &[]);
        self.packet(id, Side::Caller, ACK, &[]);
        id
    }

    /// Octets on their way, as many as came at once.
    pub fn record(&mut self, id: Id, side: Side, octets: &[u8]) {
        for segment in octets.chunks(SEGMENT) {
            self.packet(id, side, PUSH | ACK, segment);
        }
        self.connections[id.0].speaker(side).frames.count(octets);
    }

    /// The file, with everything or with what one side has sent.
    pub fn pcap(&self, only: Option<Side>) -> Vec<u8> {
        // Magic number, version 2.4, time zone and accuracy, longest packet, what packets begin with.
        let mut pcap = 0xA1B2_C3D4_u32.to_le_bytes().to_vec();
        pcap.extend([2_u16, 4].map(u16::to_le_bytes).concat());
        pcap.extend([0, 0, 0xFFFF, RAW_IP].map(u32::to_le_bytes).concat());
        let packets = self.packets.iter();
        for Packet { at, octets, .. } in packets.filter(|packet| only.is_none_or(|side| packet.from == side)) {
            let seconds = u32::try_from(at.as_secs()).unwrap();
            let length = u32::try_from(octets.len()).unwrap();
            let header = [seconds, at.subsec_micros(), length, length];
            pcap.extend(header.map(u32::to_le_bytes).concat());
            pcap.extend(octets);
        }
        pcap
    }

    /// How many whole PDUs one side has sent.
    pub fn frames(&self, side: Side) -> usize {
        let speakers = self.connections.iter().map(|connection| match side {
            Side::Caller => &connection.caller,
            Side::Listener => &connection.listener,
        });
        speakers.map(|speaker| speaker.frames.whole).sum()
    }

    fn packet(&mut self, id: Id, side: Side, flags: u8, payload: &[u8]) {
        let Connection { caller, listener } = &mut self.connections[id.0];
        let caller_port = 10_000 + u16::try_from(id.0).expect("so many connections in one test");
        let (ports, addresses, [from, to]) = match side {
            Side::Caller => ([caller_port, PORT], [1, 2], [caller, listener]),
            Side::Listener => ([PORT, caller_port], [2, 1], [listener, caller]),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { to.next };
        let mut packet = Vec::new();
        let length = u16::try_from(40 + payload.len()).unwrap();
        // Version and length of the header, service, length, identification, fragment, time to live, TCP, checksum, addresses.
        packet.extend([0x45, 0]);
        packet.extend([length, 0, 0].map(u16::to_be_bytes).concat());
        packet.extend([64, 6, 0, 0]);
        packet.extend(addresses.map(|host| [192, 0, 2, host]).concat());
        // Ports, sequence, acknowledgement, length of the header, flags, window, checksum, urgency.
        packet.extend(ports.map(u16::to_be_bytes).concat());
        packet.extend([from.next, acknowledged].map(u32::to_be_bytes).concat());
        packet.extend([0x50, flags]);
        packet.extend([0xFFFF, 0, 0].map(u16::to_be_bytes).concat());
        packet.extend(payload);
        let count = u32::try_from(payload.len()).unwrap() + u32::from(flags & SYN != 0);
        from.next = from.next.wrapping_add(count);

        self.packets.push(Packet {
            from: side,
            at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap(),
            octets: packet,
        });
    }
}

impl Connection {
    fn speaker(&mut self, side: Side) -> &mut Speaker {
        match side {
            Side::Caller => &mut self.caller,
            Side::Listener => &mut self.listener,
        }
    }
}

impl Frames {
    fn count(&mut self, octets: &[u8]) {
        self.rest.extend(octets);
        while let Some(length) = self.rest.first_chunk().map(|length| u32::from_be_bytes(*length)) {
            let length = usize::try_from(length).unwrap();
            if !PDU.contains(&length) {
                // Counts too: a decoder that understands one PDU less has found it.
                self.rest.clear();
            } else if self.rest.len() < length {
                return;
            } else {
                self.rest.drain(..length);
            }
            self.whole += 1;
        }
    }
}
