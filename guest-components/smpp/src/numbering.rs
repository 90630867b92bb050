//! What kind of number an address is: its type and its plan.

checked_octet! {
    /// Type of number (SMPP 3.4 §5.2.5).
    Ton where |octet| octet <= 6 => {
        /// Not known to whoever wrote it.
        UNKNOWN = 0;
        /// With the country's code.
        INTERNATIONAL = 1;
        /// Without the country's code.
        NATIONAL = 2;
        /// Of the network's own.
        NETWORK_SPECIFIC = 3;
        /// Without the area's code.
        SUBSCRIBER_NUMBER = 4;
        /// Letters.
        ALPHANUMERIC = 5;
        /// A short code.
        ABBREVIATED = 6;
    }
}

checked_octet! {
    /// Numbering plan (SMPP 3.4 §5.2.6). 2, 5, 7 and 13 are taken too: other tables name them and clients send them.
    Npi where |octet| matches!(octet, 0..=10 | 13 | 14 | 18) => {
        /// Not known to whoever wrote it.
        UNKNOWN = 0;
        /// Telephone numbers: E.163, E.164.
        ISDN = 1;
        /// X.121.
        DATA = 3;
        /// F.69.
        TELEX = 4;
        /// E.212.
        LAND_MOBILE = 6;
        /// Of a country.
        NATIONAL = 8;
        /// Of an enterprise.
        PRIVATE = 9;
        /// Paging.
        ERMES = 10;
        /// IP addresses.
        INTERNET = 14;
        /// To be defined by the WAP forum.
        WAP_CLIENT_ID = 18;
    }
}
