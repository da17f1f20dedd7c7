package io.logcourier;

/** A message or payload that can never be served, however often it is tried. */
public final class PoisonMessageException extends CourierException {
    private static final long serialVersionUID = 1L;

    /** States what is wrong with the message. */
    public PoisonMessageException(String message, Throwable cause) {
        super(message, cause);
    }

    /** States what is wrong with the message. */
    public PoisonMessageException(String message) {
        this(message, null);
    }
}
