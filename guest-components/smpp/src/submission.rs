//! What an ESME may ask for with a message: how urgent it is, which canned text it is.

checked_octet! {
    /// priority_flag (SMPP 3.4 §5.2.14).
    Priority where |octet| octet <= 3 => {
        /// Bulk.
        LOWEST = 0;
        /// Emergency.
        HIGHEST = 3;
    }
}

checked_octet! {
    /// sm_default_msg_id: the index of a canned message (SMPP 3.4 §5.2.20).
    SmDefaultMsgId where |octet| octet <= 254 => {
        /// The message brings its own text.
        NONE = 0;
    }
}
