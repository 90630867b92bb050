//! data_coding: what user data is written in.

wire_value! {
    /// data_coding: what user data is written in (SMPP 3.4 §5.2.19). [`text`](crate::text) knows what each means.
    DataCoding(u8), "{:#04x}" {
        DEFAULT = 0x00, "default alphabet";
        ASCII = 0x01, "ASCII";
        OCTETS_TDMA = 0x02, "octets (TDMA)";
        LATIN_1 = 0x03, "Latin-1";
        OCTETS = 0x04, "octets";
        JIS = 0x05, "JIS X 0208";
        CYRILLIC = 0x06, "Cyrillic";
        HEBREW = 0x07, "Latin/Hebrew";
        UCS2 = 0x08, "UCS-2";
        PICTOGRAM = 0x09, "pictogram";
        ISO_2022_JP = 0x0A, "ISO-2022-JP";
        EXTENDED_KANJI = 0x0D, "JIS X 0212";
        KS_C_5601 = 0x0E, "KS C 5601";
    }
}
