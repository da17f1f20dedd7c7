package io.logcourier.discovery;

import io.logcourier.message.OrderMessage;
import java.util.List;

/** Where work orders are enqueued. */
interface OrderQueue extends AutoCloseable {
    /** As many messages as one call takes. */
    int BATCH = 10;

    /**
     * Enqueues messages, at least once each.
     *
     * @throws io.logcourier.RetryableException if one could not be enqueued; others may have been
     */
    void send(List<OrderMessage> messages);

    @Override
    void close();
}
