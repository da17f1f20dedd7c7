package io.logcourier.discovery;

import io.logcourier.RetryableException;
import io.logcourier.configuration.Settings;
import io.logcourier.message.OrderMessage;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

/** {@link OrderQueue} on Amazon SQS. A message that a batch refused is sent once more before it counts as failed. */
final class SqsOrderQueue implements OrderQueue {
    private static final int TRIES = 2;

    private final SqsClient sqs;
    private final String url;

    SqsOrderQueue(Settings settings) {
        var builder = SqsClient.builder().region(Region.of(settings.aws().region()));
        settings.aws().sqsEndpoint().ifPresent(builder::endpointOverride);
        sqs = builder.build();
        url = settings.queue().requiredUrl();
    }

    @Override
    public void send(List<OrderMessage> messages) {
        for (int from = 0; from < messages.size(); from += BATCH) {
            sendBatch(messages.subList(from, Math.min(from + BATCH, messages.size())));
        }
    }

    private void sendBatch(List<OrderMessage> messages) {
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
        for (OrderMessage message : messages) {
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
                throw new RetryableException("cannot send to the queue " + url + ": " + e.getMessage(), e);
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
