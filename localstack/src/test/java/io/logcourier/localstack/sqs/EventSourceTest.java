package io.logcourier.localstack.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

class EventSourceTest {
    private static final Set<String> BATCH = Set.of("a", "b", "c");

    @Test
    void nothingReportedMeansAllSucceeded() {
        assertThat(EventSource.failed(BATCH, null)).isEmpty();
        assertThat(EventSource.failed(BATCH, new SQSBatchResponse(null))).isEmpty();
        assertThat(failed()).isEmpty();
    }

    @Test
    void whatIsReportedFailedAndNothingElse() {
        assertThat(failed("b")).containsExactly("b");
        assertThat(failed("c", "a", "c")).containsExactlyInAnyOrder("a", "c");
    }

    @Test
    void aReportThatNamesNoMessageFailsTheWholeBatch() {
        assertThat(failed("a", null)).isEqualTo(BATCH);
        assertThat(failed("a", "")).isEqualTo(BATCH);
        assertThat(failed("a", "unknown")).isEqualTo(BATCH);
        assertThat(EventSource.failed(BATCH, new SQSBatchResponse(Arrays.asList((BatchItemFailure) null))))
                .isEqualTo(BATCH);
    }

    @Test
    void aRecordCarriesAllThatWasReceived() {
        SQSEvent event = SqsEvents.of(
                List.of(Message.builder()
                        .messageId("id")
                        .receiptHandle("handle")
                        .body("{}")
                        .md5OfBody("99914b932bd37a50b983c5e7c90ae93b")
                        .attributes(Map.of(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, "2"))
                        .messageAttributes(Map.of(
                                "text",
                                MessageAttributeValue.builder()
                                        .dataType("String")
                                        .stringValue("value")
                                        .build(),
                                "bytes",
                                MessageAttributeValue.builder()
                                        .dataType("Binary")
                                        .binaryValue(SdkBytes.fromUtf8String("raw"))
                                        .build()))
                        .build()),
                "arn:aws:sqs:eu-west-3:123456789012:work-orders");

        assertThat(event.getRecords()).singleElement().satisfies(record -> {
            assertThat(record.getMessageId()).isEqualTo("id");
            assertThat(record.getReceiptHandle()).isEqualTo("handle");
            assertThat(record.getBody()).isEqualTo("{}");
            assertThat(record.getMd5OfBody()).isEqualTo("99914b932bd37a50b983c5e7c90ae93b");
            assertThat(record.getAttributes()).containsExactly(Map.entry("ApproximateReceiveCount", "2"));
            assertThat(record.getEventSource()).isEqualTo("aws:sqs");
            assertThat(record.getEventSourceArn()).isEqualTo("arn:aws:sqs:eu-west-3:123456789012:work-orders");
            assertThat(record.getAwsRegion()).isEqualTo("eu-west-3");
            assertThat(record.getMessageAttributes().get("text").getStringValue())
                    .isEqualTo("value");
            assertThat(StandardCharsets.UTF_8
                            .decode(record.getMessageAttributes().get("bytes").getBinaryValue())
                            .toString())
                    .isEqualTo("raw");
        });
    }

    @Test
    void limitsAreChecked() {
        assertThatThrownBy(() -> mapping(0, 1)).hasMessageContaining("batchSize");
        assertThatThrownBy(() -> mapping(11, 1)).hasMessageContaining("11");
        assertThatThrownBy(() -> mapping(10, 0)).hasMessageContaining("maximumConcurrency");
    }

    private static EventSource.Mapping mapping(int batchSize, int maximumConcurrency) {
        return new EventSource.Mapping(
                URI.create("http://127.0.0.1/queue"), "worker", Duration.ofMinutes(1), batchSize, maximumConcurrency);
    }

    private static Set<String> failed(String... ids) {
        List<BatchItemFailure> failures = new ArrayList<>();
        for (String id : ids) {
            failures.add(new BatchItemFailure(id));
        }
        return EventSource.failed(BATCH, new SQSBatchResponse(failures));
    }
}
