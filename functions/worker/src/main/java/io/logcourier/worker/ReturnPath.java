package io.logcourier.worker;

import io.logcourier.message.OrderQueue;
import java.time.Duration;

/** What a worker can do with a message that it could not serve, and where it enqueues. Thread-safe; failures are retryable. */
interface ReturnPath extends OrderQueue {
    /** Lets a message come back after {@code delay} instead of the queue's whole visibility timeout. */
    void delay(String receiptHandle, Duration delay);

    /** Puts a body into the dead-letter queue, with the reason as the attribute {@code reason}. */
    void bury(String body, String reason);
}
