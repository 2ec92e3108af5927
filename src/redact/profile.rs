//! Which entity gets which operator.
