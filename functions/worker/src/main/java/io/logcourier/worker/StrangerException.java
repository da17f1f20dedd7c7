package io.logcourier.worker;

/**
 * A message is about what this installation does not know: another lane, an order that is in no ledger. A lagging replica
 * may not know an order yet, so the message comes back before it is buried.
 */
final class StrangerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StrangerException(String message) {
        super(message);
    }
}
