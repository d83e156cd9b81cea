//! From camera frame to likeness: detection, alignment, embedding, attack cue.
