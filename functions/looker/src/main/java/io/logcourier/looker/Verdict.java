package io.logcourier.looker;

/** What is found of an entry. */
public enum Verdict {
    /** There, once, where it belongs, every field as written. */
    RIGHT,
    /** Written, and not there. */
    MISSING,
    /** There again. */
    DUPLICATED,
    /** There with another field than was written, or cut short. */
    ALTERED,
    /** In the bucket, under the prefix or in an object of another stream. */
    MISPLACED,
    /** Of no stream of the run, or nothing that was accepted. */
    FOREIGN,
    /** Before an entry that comes first by time and request id. Said beside another verdict. */
    DISORDERED,
    /** Right, but visible only after the longest delay that is allowed. Said beside another verdict. */
    LATE,
    /** Not an entry: an object that cannot be read or decompressed. */
    UNREADABLE
}
