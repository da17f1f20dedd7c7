package io.logcourier;

/** Every failure that log-courier reports by itself. The message says what, where, which value, and what to do. */
public abstract sealed class CourierException extends RuntimeException
        permits ConfigurationException, PoisonMessageException, RetryableException {
    private static final long serialVersionUID = 1L;

    CourierException(String message, Throwable cause) {
        super(message, cause);
    }
}
