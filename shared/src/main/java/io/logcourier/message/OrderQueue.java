package io.logcourier.message;

import java.util.List;

/** Where messages are enqueued. Thread-safe. */
public interface OrderQueue extends AutoCloseable {
    /**
     * Enqueues messages, at least once each.
     *
     * @throws io.logcourier.RetryableException if one could not be enqueued; others may have been
     */
    void send(List<? extends Message> messages);

    @Override
    void close();
}
