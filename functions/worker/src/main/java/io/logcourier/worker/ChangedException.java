package io.logcourier.worker;

/** A replay would write other bytes than the first delivery did: the rows were changed since. Nothing is written. */
final class ChangedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ChangedException(String message) {
        super(message);
    }
}
