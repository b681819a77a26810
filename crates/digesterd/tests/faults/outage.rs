//! A store that fails for a while.
