package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.Bucket;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import tools.jackson.databind.JsonNode;

class UpIT {
    private static final Duration SECONDS = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    @Test
    void theReadyLineNamesEndpointsThatAnswer() throws Exception {
        List<Integer> ports = freePorts();
        try (CourierProcess up = CourierProcess.start(
                "up",
                "--json",
                "--clickhouse-port=" + ports.get(0),
                "--s3-port=" + ports.get(1),
                "--sqs-port=" + ports.get(2),
                "--bucket=one",
                "--bucket=two")) {
            JsonNode ready = up.ready();
            assertThat(ready.propertyNames())
                    .containsExactly(
                            "clickhouse",
                            "clickhouseUser",
                            "clickhousePassword",
                            "s3",
                            "sqs",
                            "queue",
                            "deadLetterQueue",
                            "accessKey",
                            "secretKey",
                            "region",
                            "objects");
            assertThat(ready).allMatch(JsonNode::isString);
            assertThat(List.of("clickhouse", "s3", "sqs"))
                    .extracting(name -> URI.create(ready.get(name).asString()).getPort())
                    .isEqualTo(ports);
            try (Shipper shipper = shipper(ready)) {
                assertThat(shipper.get("/ping").body()).isEqualTo("Ok.\n");
            }
            try (S3Client s3 = Clients.s3(ready)) {
                assertThat(s3.listBuckets().buckets()).extracting(Bucket::name).containsExactlyInAnyOrder("one", "two");
            }
            assertThat(Path.of(ready.get("objects").asString())).isDirectory();
            try (SqsClient sqs = Clients.sqs(ready)) {
                assertThat(sqs.getQueueAttributes(request -> request.queueUrl(
                                                ready.get("queue").asString())
                                        .attributeNames(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES))
                                .attributesAsStrings())
                        .containsValue("0");
            }
            assertThat(up.out().lines()).hasSize(1);
            try (CourierProcess second =
                    CourierProcess.run("up", "--only=clickhouse", "--clickhouse-port=" + ports.getFirst())) {
                second.endedWith(2);
                assertThat(second.err()).contains(ports.getFirst().toString());
            }
            up.signal("INT");
            assertThat(up.endsWithin(Duration.ofSeconds(10))).isTrue();
            up.endedWith(0);
        }
    }

    @Test
    void clickHouseAloneHasNeitherS3NorSqsAndIsItsFoldersOnlyOne() throws Exception {
        try (CourierProcess up =
                        CourierProcess.start("up", "--json", "--only=clickhouse", "--clickhouse-port=0", data());
                Shipper shipper = shipper(up.ready())) {
            assertThat(up.ready().propertyNames())
                    .containsExactly(
                            "clickhouse",
                            "clickhouseUser",
                            "clickhousePassword",
                            "accessKey",
                            "secretKey",
                            "region",
                            "data");
            assertThat(up.ready().get("data").asString()).isEqualTo(folder.toString());
            assertThat(shipper.query("SELECT count() FROM logs.access_logs")).isEqualTo("0");
            try (CourierProcess second = CourierProcess.run("demo", "--rows=1", data())) {
                second.endedWith(2);
                assertThat(second.err()).contains(folder.toString(), "in use by another process");
            }
            up.signal("TERM");
            assertThat(up.endsWithin(Duration.ofSeconds(10))).isTrue();
            up.endedWith(0);
        }
    }

    @Test
    void whateverEndsItEveryStoredRowIsInOneObjectSecondsAfterTheNextStart() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<String> stored = new HashSet<>();
        int sent = 0;
        for (String signal : List.of("KILL", "TERM")) {
            try (CourierProcess up = up();
                    Shipper shipper = shipper(up.ready())) {
                int before = LogFiles.files(objects()).size();
                int batches = 3 + random.nextInt(10);
                for (int batch = 0; batch < batches || LogFiles.files(objects()).size() == before; batch++) {
                    List<String> ids = ids("row", sent, 1 + random.nextInt(2000));
                    shipper.post(ids);
                    stored.addAll(ids);
                    sent += ids.size();
                }
                up.signal(signal);
                if (signal.equals("TERM")) {
                    assertThat(up.endsWithin(Duration.ofSeconds(10))).isTrue();
                    up.endedWith(0);
                } else {
                    up.end();
                }
            }
        }
        try (CourierProcess up = up();
                Shipper shipper = shipper(up.ready())) {
            assertThat(shipper.query("SELECT count() FROM logs.access_logs"))
                    .as("seed %d", seed)
                    .isEqualTo(Integer.toString(stored.size()));
            await().atMost(SECONDS).until(() -> LogFiles.lines(objects()).size() >= stored.size());
            List<String> ids = LogFiles.requestIds(objects());
            assertThat(new HashSet<>(ids)).as("seed %d", seed).isEqualTo(stored);
            assertThat(ids).as("seed %d", seed).hasSize(stored.size());
        }
    }

    private CourierProcess up() throws IOException {
        return CourierProcess.up("--every=1s", "--flush", "--bucket=" + Shipper.TARGET, data());
    }

    private String data() {
        return "--data=" + folder;
    }

    private Path objects() {
        return folder.resolve("objects");
    }

    private static Shipper shipper(JsonNode ready) {
        return new Shipper(ready);
    }

    private static List<String> ids(String prefix, int from, int count) {
        return IntStream.range(from, from + count).mapToObj(id -> prefix + id).toList();
    }

    private static List<Integer> freePorts() throws IOException {
        List<Integer> ports = new ArrayList<>();
        try (ServerSocket one = new ServerSocket(0);
                ServerSocket two = new ServerSocket(0);
                ServerSocket three = new ServerSocket(0)) {
            for (ServerSocket socket : List.of(one, two, three)) {
                ports.add(socket.getLocalPort());
            }
        }
        return ports;
    }
}
