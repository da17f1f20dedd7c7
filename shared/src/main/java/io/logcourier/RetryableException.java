package io.logcourier;

/** Something outside failed or is not ready: a throttle, a connection, a lagging replica. Trying again may succeed. */
public final class RetryableException extends CourierException {
    private static final long serialVersionUID = 1L;

    /** States what failed. */
    public RetryableException(String message, Throwable cause) {
        super(message, cause);
    }

    /** States what failed. */
    public RetryableException(String message) {
        this(message, null);
    }
}
