package io.logcourier.operations;

import io.logcourier.CourierException;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.tls.Distrust;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * The dead-letter queue, looked through: SQS knows no other way than to receive everything, so what was received is hidden
 * for a while from others, and given back when this is closed. For one thread.
 */
final class DeadLetterQueue implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DeadLetterQueue.class);

    private static final int BATCH = 10;

    /** Of what a killed process has received. */
    private static final int HIDDEN_SECONDS = 300;

    /** So many are looked at in one go; the others come next time. */
    private static final int MOST = 10_000;

    /** What a worker says with a letter. */
    private static final String REASON = "reason";

    private static final String TOO_OFTEN =
            "it came back too often: ClickHouse, S3 or the queue was not to be reached, or workers died; their log lines"
                    + " 'comes back' say which";

    private final SqsClient sqs;
    private final String url;
    private final Map<String, Received> held = new LinkedHashMap<>();

    /** A letter as it lies there. */
    record Received(String id, String receipt, String body, String reason, Instant sentAt) {}

    DeadLetterQueue(Settings settings) {
        this(SqsOrderQueue.connect(settings), settings.queue().requiredDeadLetterUrl());
    }

    /** The queue {@code url}, through a client that it closes. */
    private DeadLetterQueue(SqsClient sqs, String url) {
        this.sqs = sqs;
        this.url = url;
    }

    /**
     * Everything that is there, up to 10,000 letters, the oldest first.
     *
     * @throws CourierException if the queue cannot be asked
     */
    List<Received> receive() {
        for (boolean isEmpty = false; !isEmpty && held.size() < MOST; ) {
            List<Message> messages = call(() -> sqs.receiveMessage(request -> request.queueUrl(url)
                            .maxNumberOfMessages(BATCH)
                            .waitTimeSeconds(1)
                            .visibilityTimeout(HIDDEN_SECONDS)
                            .messageAttributeNames("All")
                            .messageSystemAttributeNames(MessageSystemAttributeName.SENT_TIMESTAMP))
                    .messages());
            isEmpty = messages.isEmpty();
            messages.stream().map(DeadLetterQueue::received).forEach(letter -> held.put(letter.id(), letter));
        }
        return held.values().stream()
                .sorted((one, other) -> one.sentAt().compareTo(other.sentAt()))
                .toList();
    }

    private static Received received(Message message) {
        var reason = message.messageAttributes().get(REASON);
        return new Received(
                message.messageId(),
                message.receiptHandle(),
                message.body(),
                reason == null ? TOO_OFTEN : reason.stringValue(),
                Instant.ofEpochMilli(
                        Long.parseLong(message.attributes().get(MessageSystemAttributeName.SENT_TIMESTAMP))));
    }

    /** Removes letters for good. */
    void remove(List<Received> letters) {
        for (Received letter : letters) {
            call(() -> sqs.deleteMessage(request -> request.queueUrl(url).receiptHandle(letter.receipt())));
            held.remove(letter.id());
        }
    }

    private <T> T call(Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException e) {
            throw Distrust.failure("cannot ask the dead-letter queue " + url, e, Setting.SQS_CA.name());
        }
    }

    /** Gives back what was not removed; what cannot be given back comes back by itself. */
    @Override
    public void close() {
        List<Received> left = new ArrayList<>(held.values());
        try (sqs) {
            for (int from = 0; from < left.size(); from += BATCH) {
                List<ChangeMessageVisibilityBatchRequestEntry> entries =
                        left.subList(from, Math.min(from + BATCH, left.size())).stream()
                                .map(letter -> ChangeMessageVisibilityBatchRequestEntry.builder()
                                        .id(letter.id())
                                        .receiptHandle(letter.receipt())
                                        .visibilityTimeout(0)
                                        .build())
                                .toList();
                sqs.changeMessageVisibilityBatch(
                        request -> request.queueUrl(url).entries(entries));
            }
        } catch (SdkException e) {
            log.warn("cannot give messages back to {}, they come back within {} seconds", url, HIDDEN_SECONDS, e);
        }
    }
}
