package io.logcourier.message;

import io.logcourier.RetryableException;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.tls.Authority;
import io.logcourier.tls.Distrust;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

/** {@link OrderQueue} on Amazon SQS. A message that a batch refused is sent once more before it counts as failed. */
public final class SqsOrderQueue implements OrderQueue {
    /** As many messages as one call takes; ten of ours stay far below SQS's limit on the size of all. */
    private static final int BATCH = 10;

    private static final int TRIES = 2;

    private final SqsClient sqs;
    private final String url;

    /** On the queue that the settings name. */
    public SqsOrderQueue(Settings settings) {
        this(connect(settings), settings.queue().requiredUrl());
    }

    /** On the queue {@code url}, through a client that it closes. */
    public SqsOrderQueue(SqsClient sqs, String url) {
        this.sqs = sqs;
        this.url = url;
    }

    /** A client as the settings have it; the caller closes it. */
    public static SqsClient connect(Settings settings) {
        var builder = SqsClient.builder().region(Region.of(settings.aws().region()));
        settings.aws().sqsEndpoint().ifPresent(builder::endpointOverride);
        Authority.trust(builder, settings.aws().sqsAuthority());
        return builder.build();
    }

    @Override
    public void send(List<? extends Message> messages) {
        for (int from = 0; from < messages.size(); from += BATCH) {
            sendBatch(messages.subList(from, Math.min(from + BATCH, messages.size())));
        }
    }

    private void sendBatch(List<? extends Message> messages) {
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
        for (Message message : messages) {
            entries.add(SendMessageBatchRequestEntry.builder()
                    .id(Integer.toString(entries.size()))
                    .messageBody(message.body())
                    .build());
        }
        List<BatchResultErrorEntry> failed = List.of();
        for (int attempt = 1; attempt <= TRIES && !entries.isEmpty(); attempt++) {
            List<SendMessageBatchRequestEntry> batch = List.copyOf(entries);
            try {
                failed = sqs.sendMessageBatch(request -> request.queueUrl(url).entries(batch))
                        .failed();
            } catch (SdkException e) {
                throw Distrust.failure("cannot send to the queue " + url, e, Setting.SQS_CA.name());
            }
            List<String> refused =
                    failed.stream().map(BatchResultErrorEntry::id).toList();
            entries.removeIf(entry -> !refused.contains(entry.id()));
        }
        if (!entries.isEmpty()) {
            throw new RetryableException("the queue " + url + " refused " + entries.size() + " of " + messages.size()
                    + " messages: " + failed.getFirst().message());
        }
    }

    @Override
    public void close() {
        sqs.close();
    }
}
