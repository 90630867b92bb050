//! Frames as real clients send them, and frames that deserve an error.
