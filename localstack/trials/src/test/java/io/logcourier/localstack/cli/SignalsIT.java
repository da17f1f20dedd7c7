package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;

/** SIGINT and SIGTERM, sent to processes that have work in hand. {@link LoadIT}, {@link StatusIT}, {@link UpIT} have more. */
class SignalsIT {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration AT_ONCE = Duration.ofSeconds(2);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void workHandsBackWhatItCannotFinishUnlessASecondSignalSaysToLeave(boolean twice) throws Exception {
        try (CourierProcess up = CourierProcess.up("--every=1d");
                Shipper shipper = new Shipper(up.ready());
                ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                SqsClient sqs = Clients.sqs(up.ready())) {
            Map<String, String> installation = new HashMap<>(Clients.settings(up.ready()));
            shipper.post(IntStream.range(0, 50).mapToObj(id -> "row" + id).toList());
            try (CourierProcess tick = CourierProcess.run(installation, "tick", "--flush")) {
                tick.endedWith(0);
            }
            installation.put("LOG_COURIER_S3_ENDPOINT", "http://127.0.0.1:" + silent.getLocalPort());
            String queue = installation.get("LOG_COURIER_QUEUE_URL");
            try (CourierProcess work = CourierProcess.start(installation, "work");
                    Socket upload = silent.accept()) {
                assertThat(visible(sqs, queue)).isEmpty();
                work.signal("TERM");
                if (twice) {
                    await().atMost(LIMIT).until(() -> work.err().contains("a second signal leaves at once"));
                    work.signal("TERM");
                    assertThat(work.endsWithin(AT_ONCE)).isTrue();
                } else {
                    assertThat(work.endsWithin(LIMIT)).isTrue();
                }
                work.endedWith(128 + 15);
                assertThat(upload.isConnected()).isTrue();
            }
            assertThat(visible(sqs, queue)).hasSize(twice ? 0 : 1);
        }
    }

    @Test
    void aDemoThatIsStoppedIsFinishedByTheNext() throws Exception {
        try (CourierProcess demo = demo("10000")) {
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> !LogFiles.files(folder.resolve("objects")).isEmpty());
            demo.signal("INT");
            assertThat(demo.endsWithin(LIMIT)).isTrue();
            assertThat(demo.endedWith(128 + 2).err()).doesNotContain("ERROR", "failed");
            assertThat(demo.out()).isEmpty();
        }
        try (CourierProcess demo = demo("0")) {
            assertThat(demo.endedWith(0).out()).contains("DELIVERED: every one of 10,000 rows");
        }
        assertThat(LogFiles.requestIds(folder.resolve("objects")))
                .hasSize(10_000)
                .doesNotHaveDuplicates();
    }

    @Test
    void aSecondSignalEndsAProcessWithAnOpenEngineAtOnceAndWithoutACrash() throws Exception {
        try (CourierProcess demo = demo("200000")) {
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> folder.resolve("objects").toFile().isDirectory());
            demo.signal("TERM");
            demo.signal("INT");
            assertThat(demo.endsWithin(AT_ONCE)).isTrue();
            assertThat(demo.end()).isIn(128 + 2, 128 + 15);
            demo.endedWith(demo.end());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tick", "audit", "status"})
    void whatWaitsForAnAnswerEndsAllTheSame(String command) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                CourierProcess courier = CourierProcess.start(
                        Clients.CREDENTIALS,
                        command,
                        "--clickhouse-url=http://127.0.0.1:" + silent.getLocalPort(),
                        "--queue-url=http://127.0.0.1:1/orders");
                Socket question = silent.accept()) {
            courier.signal("INT");
            assertThat(courier.endsWithin(LIMIT)).isTrue();
            courier.endedWith(128 + 2);
            assertThat(question.isConnected()).isTrue();
        }
    }

    private CourierProcess demo(String rows) throws IOException {
        return CourierProcess.start("demo", "--rows", rows, "--buckets", "100", "--data", folder.toString());
    }

    private static List<Message> visible(SqsClient sqs, String queue) {
        return sqs.receiveMessage(request -> request.queueUrl(queue).maxNumberOfMessages(10))
                .messages();
    }
}
