package io.logcourier.localstack.engine;

/** The embedded ClickHouse cannot be had as it was asked for; the message says what to do. */
public final class EngineUnavailableException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    EngineUnavailableException(String message) {
        super(message);
    }
}
