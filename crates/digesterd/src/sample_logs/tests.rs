//! Sample logs are the same bytes everywhere, what they claim to be, and digest as the oracle says.
