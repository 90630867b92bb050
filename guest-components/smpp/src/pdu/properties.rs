//! What holds for every frame: whatever is encoded decodes to itself, and no octets make the decoder panic.
