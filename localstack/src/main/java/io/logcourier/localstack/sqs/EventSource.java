package io.logcourier.localstack.sqs;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import io.logcourier.localstack.lambda.LocalContext;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/**
 * Stands in for Lambda's SQS event source mapping with {@code ReportBatchItemFailures}: receives messages in batches,
 * invokes the function, and deletes what it did not report as failed. The rest becomes visible again after its
 * visibility timeout, which the function may have changed. An exception, an answer after the function's timeout, and a
 * report that names no message of the batch fail the whole batch (AWS Lambda Developer Guide, "Handling errors for an
 * SQS event source in Lambda").
 *
 * <p>Messages are received only when an invocation is free to take them. What SQS itself refuses is logged and tried
 * again after a pause. Works on any SQS, not only the local one; standard queues only. Used once: either started until
 * closed, or drained as often as wanted. Thread-safe.
 */
public final class EventSource implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EventSource.class);

    private static final Duration LONG_POLL = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration GLANCE = Duration.ofMillis(50);
    private static final int DELETE_ATTEMPTS = 3;

    private static final List<QueueAttributeName> MESSAGE_COUNTS = List.of(
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_DELAYED);

    /**
     * How messages reach the function.
     *
     * @param queueUrl the queue to poll
     * @param functionName what the function is told it is called
     * @param timeout the time an invocation may take
     * @param batchSize the most messages of one invocation, 1 to 10
     * @param maximumConcurrency the most invocations at once
     */
    public record Mapping(URI queueUrl, String functionName, Duration timeout, int batchSize, int maximumConcurrency) {
        /** Checks the limits. */
        public Mapping {
            if (batchSize < 1 || batchSize > 10) {
                throw new IllegalArgumentException("batchSize is not between 1 and 10: " + batchSize);
            }
            if (maximumConcurrency < 1) {
                throw new IllegalArgumentException("maximumConcurrency is not positive: " + maximumConcurrency);
            }
            if (!timeout.isPositive()) {
                throw new IllegalArgumentException("timeout is not positive: " + timeout);
            }
        }

        /** The worker's, as the template deploys it by default, but for the concurrency. */
        public static Mapping asDeployed(String queueUrl, int maximumConcurrency) {
            return new Mapping(URI.create(queueUrl), "worker", Duration.ofMinutes(5), 2, maximumConcurrency);
        }
    }

    private final SqsClient sqs;
    private final Mapping mapping;
    private final RequestHandler<SQSEvent, SQSBatchResponse> function;
    private final Semaphore free;
    private final ExecutorService invocations = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("invocation-", 0).factory());
    private final Set<Message> inHand = ConcurrentHashMap.newKeySet();
    private final LongAdder done = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final Semaphore poller = new Semaphore(1);
    private volatile boolean closed;
    private volatile String queueArn;
    private volatile Thread background;

    /** Does nothing yet. The client stays the caller's to close, after this. */
    public EventSource(SqsClient sqs, Mapping mapping, RequestHandler<SQSEvent, SQSBatchResponse> function) {
        this.sqs = sqs;
        this.mapping = mapping;
        this.function = function;
        this.free = new Semaphore(mapping.maximumConcurrency());
    }

    /** Polls in the background until closed. */
    public void start() {
        becomePoller();
        background = Thread.ofVirtual()
                .name("event-source-" + mapping.functionName())
                .start(() -> {
                    try {
                        while (!closed) {
                            if (free.tryAcquire(GLANCE.toNanos(), TimeUnit.NANOSECONDS)) {
                                poll(LONG_POLL);
                            }
                        }
                    } catch (InterruptedException e) {
                        log.warn("Polling {} interrupted", mapping.queueUrl(), e);
                    } finally {
                        poller.release();
                    }
                });
    }

    /**
     * Polls until the queue is empty: no message visible, none in flight, none delayed, no invocation running. Messages
     * that fail are waited for, until they succeed or have gone to the dead-letter queue.
     *
     * @param atMost when to give up; invocations under way then are left to finish
     * @param settled how long the queue must look empty. Its counts are approximate: AWS speaks of a minute after the
     *     last send; on ElasticMQ they are exact
     * @return whether the queue is empty
     */
    public boolean drain(Duration atMost, Duration settled) throws InterruptedException {
        becomePoller();
        try {
            long deadline = System.nanoTime() + atMost.toNanos();
            long lastBusy = System.nanoTime();
            while (!closed && deadline > System.nanoTime()) {
                if (!free.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
                if (poll(Duration.ZERO)) {
                    lastBusy = System.nanoTime();
                    continue;
                }
                if (!isEmpty()) {
                    lastBusy = System.nanoTime();
                } else if (System.nanoTime() - lastBusy >= settled.toNanos()) {
                    return true;
                }
                Thread.sleep(GLANCE);
            }
            return false;
        } finally {
            poller.release();
        }
    }

    /** As {@link #close(Duration)}, with the function's timeout. */
    @Override
    public void close() {
        close(mapping.timeout());
    }

    /**
     * Starts no more polls, and waits for the one under way, a second at most, and for the invocations; those that take
     * longer than the grace are interrupted, and their messages made visible again at once.
     *
     * @return whether all invocations finished
     */
    public boolean close(Duration grace) {
        closed = true;
        long deadline = System.nanoTime() + grace.toNanos();
        try {
            if (poller.tryAcquire(LONG_POLL.plus(PAUSE).toNanos(), TimeUnit.NANOSECONDS)) {
                poller.release();
            } else if (background != null) {
                background.interrupt();
            }
            invocations.shutdown();
            if (invocations.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return true;
            }
            log.error("{} still runs after {}, interrupting it", mapping.functionName(), grace);
        } catch (InterruptedException e) {
            log.warn("Interrupted while waiting for {}", mapping.functionName(), e);
            Thread.currentThread().interrupt();
        }
        invocations.shutdownNow();
        release();
        return false;
    }

    /** Hands back what was received and is not finished, where otherwise the visibility timeout would have to pass. */
    private void release() {
        for (Message message : inHand) {
            try {
                sqs.changeMessageVisibility(
                        request -> request.queueUrl(mapping.queueUrl().toString())
                                .receiptHandle(message.receiptHandle())
                                .visibilityTimeout(0)
                                .overrideConfiguration(limits -> limits.apiCallTimeout(PAUSE)));
            } catch (SdkException e) {
                log.warn("Cannot hand {} back, it comes back by itself", message.messageId(), e);
            }
        }
    }

    private void becomePoller() {
        if (!poller.tryAcquire()) {
            throw new IllegalStateException("already polling " + mapping.queueUrl());
        }
        if (closed) {
            poller.release();
            throw new IllegalStateException("closed");
        }
    }

    /** Hands one batch to the invocation that the caller has reserved; without a batch, frees it again. */
    private boolean poll(Duration wait) throws InterruptedException {
        List<Message> batch = List.of();
        try {
            batch = closed ? List.of() : receive(wait);
        } catch (RuntimeException e) {
            log.warn("Cannot receive from {}, trying again", mapping.queueUrl(), e);
            Thread.sleep(PAUSE);
        } finally {
            if (batch.isEmpty()) {
                free.release();
            }
        }
        if (batch.isEmpty()) {
            return false;
        }
        List<Message> received = batch;
        inHand.addAll(received);
        invocations.execute(() -> {
            try {
                process(received);
                received.forEach(inHand::remove);
            } catch (InterruptedException e) {
                log.warn("Interrupted, {} messages come back", received.size(), e);
            } finally {
                free.release();
            }
        });
        return true;
    }

    private List<Message> receive(Duration wait) {
        if (queueArn == null) {
            queueArn = attributes(List.of(QueueAttributeName.QUEUE_ARN)).get(QueueAttributeName.QUEUE_ARN);
        }
        return sqs.receiveMessage(request -> request.queueUrl(mapping.queueUrl().toString())
                        .maxNumberOfMessages(mapping.batchSize())
                        .waitTimeSeconds((int) wait.toSeconds())
                        .messageSystemAttributeNames(MessageSystemAttributeName.ALL)
                        .messageAttributeNames("All"))
                .messages();
    }

    /** How many messages were served and deleted so far, or tried to be. */
    public long done() {
        return done.sum();
    }

    /** How often a message was left to come back so far. */
    public long failed() {
        return failures.sum();
    }

    private void process(List<Message> batch) throws InterruptedException {
        Set<String> failed = invoke(batch);
        failures.add(failed.size());
        done.add(batch.size() - failed.size());
        delete(batch.stream()
                .filter(message -> !failed.contains(message.messageId()))
                .toList());
    }

    private Set<String> invoke(List<Message> batch) {
        Set<String> all = batch.stream().map(Message::messageId).collect(Collectors.toUnmodifiableSet());
        LocalContext context = new LocalContext(mapping.functionName(), mapping.timeout());
        try {
            SQSBatchResponse response = function.handleRequest(SqsEvents.of(batch, queueArn), context);
            if (context.getRemainingTimeInMillis() == 0) {
                log.error("{} took longer than {}, the batch comes back", mapping.functionName(), mapping.timeout());
                return all;
            }
            return failed(all, response);
        } catch (RuntimeException | Error e) {
            log.error("{} failed, request {}", mapping.functionName(), context.getAwsRequestId(), e);
            return all;
        }
    }

    /** Which messages of a batch a response leaves in the queue. */
    static Set<String> failed(Set<String> batch, SQSBatchResponse response) {
        if (response == null || response.getBatchItemFailures() == null) {
            return Set.of();
        }
        Set<String> failed = new HashSet<>();
        for (SQSBatchResponse.BatchItemFailure failure : response.getBatchItemFailures()) {
            String id = failure == null ? null : failure.getItemIdentifier();
            if (id == null || !batch.contains(id)) {
                log.error("batchItemFailures names {}, which is not in the batch: all of it comes back", id);
                return batch;
            }
            failed.add(id);
        }
        return failed;
    }

    /** What cannot be deleted comes back, and the function must cope with it, as on AWS. */
    private void delete(List<Message> messages) throws InterruptedException {
        Map<String, DeleteMessageBatchRequestEntry> left = messages.stream()
                .collect(Collectors.toMap(Message::messageId, message -> DeleteMessageBatchRequestEntry.builder()
                        .id(message.messageId())
                        .receiptHandle(message.receiptHandle())
                        .build()));
        for (int attempt = 1; !left.isEmpty(); attempt++) {
            try {
                List<DeleteMessageBatchRequestEntry> entries = List.copyOf(left.values());
                List<BatchResultErrorEntry> refused = sqs.deleteMessageBatch(request ->
                                request.queueUrl(mapping.queueUrl().toString()).entries(entries))
                        .failed();
                left.keySet()
                        .retainAll(
                                refused.stream().map(BatchResultErrorEntry::id).toList());
                if (left.isEmpty()) {
                    return;
                }
                log.warn("Cannot delete {} from {}: {}", left.keySet(), mapping.queueUrl(), refused);
            } catch (SdkException e) {
                log.warn("Cannot delete {} from {}", left.keySet(), mapping.queueUrl(), e);
            }
            if (attempt == DELETE_ATTEMPTS) {
                return;
            }
            Thread.sleep(PAUSE);
        }
    }

    private boolean isEmpty() throws InterruptedException {
        if (free.availablePermits() < mapping.maximumConcurrency()) {
            return false;
        }
        try {
            Map<QueueAttributeName, String> counts = attributes(MESSAGE_COUNTS);
            return MESSAGE_COUNTS.stream().allMatch(name -> "0".equals(counts.get(name)));
        } catch (RuntimeException e) {
            log.warn("Cannot look at {}, trying again", mapping.queueUrl(), e);
            Thread.sleep(PAUSE);
            return false;
        }
    }

    private Map<QueueAttributeName, String> attributes(List<QueueAttributeName> names) {
        return sqs.getQueueAttributes(request ->
                        request.queueUrl(mapping.queueUrl().toString()).attributeNames(names))
                .attributes();
    }
}
