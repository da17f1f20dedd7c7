package io.logcourier.worker;

import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.message.Message;
import io.logcourier.message.OrderQueue;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.tls.Distrust;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;

/** {@link ReturnPath} on Amazon SQS. */
final class SqsReturnPath implements ReturnPath {
    /** What SQS takes in no message (Amazon SQS API Reference, SendMessage); names of targets may hold it. */
    private static final Pattern NOT_ALLOWED =
            Pattern.compile("[^\\t\\n\\r\\x{20}-\\x{D7FF}\\x{E000}-\\x{FFFD}\\x{10000}-\\x{10FFFF}]");

    private final SqsClient sqs;
    private final OrderQueue orders;
    private final String url;
    private final String deadLetterUrl;

    SqsReturnPath(Settings settings) {
        sqs = SqsOrderQueue.connect(settings);
        url = settings.queue().requiredUrl();
        orders = new SqsOrderQueue(sqs, url);
        deadLetterUrl = settings.queue().requiredDeadLetterUrl();
    }

    @Override
    public void send(List<? extends Message> messages) {
        orders.send(messages);
    }

    @Override
    public void delay(String receiptHandle, Duration delay) {
        try {
            sqs.changeMessageVisibility(request -> request.queueUrl(url)
                    .receiptHandle(receiptHandle)
                    .visibilityTimeout(Math.toIntExact(delay.toSeconds())));
        } catch (SdkException e) {
            throw Distrust.failure("cannot return a message to the queue " + url, e, Setting.SQS_CA.name());
        }
    }

    @Override
    public void bury(String body, String reason) {
        try {
            sqs.sendMessage(request -> request.queueUrl(deadLetterUrl)
                    .messageBody(body)
                    .messageAttributes(Map.of(
                            "reason",
                            MessageAttributeValue.builder()
                                    .dataType("String")
                                    .stringValue(NOT_ALLOWED.matcher(reason).replaceAll("\uFFFD"))
                                    .build())));
        } catch (SdkException e) {
            throw Distrust.failure("cannot send to the dead-letter queue " + deadLetterUrl, e, Setting.SQS_CA.name());
        }
    }

    @Override
    public void close() {
        orders.close();
    }
}
