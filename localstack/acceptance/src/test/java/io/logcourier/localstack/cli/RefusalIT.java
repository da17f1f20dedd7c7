package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot work ends the process with a code that says why, and a message that says what to do. */
class RefusalIT {
    private static final String NOWHERE = "http://127.0.0.1:1";

    @TempDir
    private Path folder;

    @Test
    void wrongSettingsAreNamedWithTheirValueAndWhereTheyCameFrom() throws Exception {
        Path file = Files.writeString(
                folder.resolve("courier.yaml"), "log-courier:\n  worker:\n    uplods: 3\n    attempts: many\n");
        Map<String, String> environment =
                Map.of("LOG_COURIER_WORKER_PARTSIZE", "1", "LOG_COURIER_DISCOVERY_OBJECT_LIMIT", "-3");
        try (CourierProcess courier = CourierProcess.run(
                environment,
                "demo",
                "--rows=1",
                "--config-file",
                file.toString(),
                "--lane-name=x",
                "--worker-uploads=lots")) {
            assertThat(courier.endedWith(2).err())
                    .contains(
                            "unknown setting log-courier.worker.uplods in the file " + file
                                    + "; did you mean log-courier: {worker: {uploads: ...}}?",
                            "worker.attempts = 'many' (from log-courier.worker.attempts in the file " + file + ")",
                            "unknown variable LOG_COURIER_WORKER_PARTSIZE;"
                                    + " did you mean LOG_COURIER_WORKER_PART_SIZE?",
                            "discovery.object-limit = '-3' (from the variable LOG_COURIER_DISCOVERY_OBJECT_LIMIT)",
                            "worker.uploads = 'lots' (from the flag --worker-uploads)");
            assertThat(courier.out()).isEmpty();
        }
    }

    @Test
    void anUnreachableClickHouseIsNamed() throws Exception {
        try (CourierProcess courier = CourierProcess.run("audit", "--clickhouse-url", NOWHERE)) {
            assertThat(courier.endedWith(3).err()).startsWith("courier: ").contains(NOWHERE, "Connection refused");
            assertThat(courier.out()).isEmpty();
        }
    }

    @Test
    void anUnreachableQueueIsNamed() throws Exception {
        try (CourierProcess courier = CourierProcess.run(
                Clients.CREDENTIALS,
                "work",
                "--once",
                "--sqs-endpoint=" + NOWHERE,
                "--queue-url=" + NOWHERE + "/orders",
                "--queue-dead-letter-url=" + NOWHERE + "/dead-letters")) {
            assertThat(courier.endedWith(3).err())
                    .startsWith("courier: cannot ask the queue " + NOWHERE)
                    .contains("Connection refused");
        }
    }

    @Test
    void allThatKeepsAStackFromStartingIsNamedBeforeItStarts() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                CourierProcess courier = CourierProcess.run(
                        // An engine could not even be loaded.
                        Map.of(
                                "LOG_COURIER_LIBCHDB",
                                NOWHERE,
                                "LOG_COURIER_CLICKHOUSE_URL",
                                "of the real installation",
                                "LOG_COURIER_WORKER_UPLOADS",
                                "0"),
                        "up",
                        "--data=" + file,
                        "--clickhouse-port=" + taken.getLocalPort(),
                        "--s3-port=65536",
                        "--sqs-port=0")) {
            assertThat(courier.endedWith(2).err().lines())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .startsWith(
                                            "courier: worker.uploads = '0' (from the variable LOG_COURIER_WORKER_UPLOADS)"),
                            line -> assertThat(line).contains("data folder", file.toString()),
                            line -> assertThat(line).contains("ClickHouse", Integer.toString(taken.getLocalPort())),
                            line -> assertThat(line).contains("S3", "65536"));
            assertThat(courier.out()).isEmpty();
        }
    }

    @Test
    void anInputThatCannotBeReadIsNamedBeforeAnythingStarts() throws Exception {
        for (Path input : List.of(folder, folder.resolve("missing.ndjson"))) {
            try (CourierProcess courier =
                    CourierProcess.run(Map.of("LOG_COURIER_LIBCHDB", NOWHERE), "demo", "--input", input.toString())) {
                assertThat(courier.endedWith(2).err()).startsWith("courier: --input " + input);
            }
        }
    }

    @Test
    void aFailedRunLeavesNothingBehind() throws Exception {
        Path input =
                Files.writeString(folder.resolve("broken.ndjson"), "{\"startTime\": 1700000001}\n{\"httpCode\": oh}\n");
        try (CourierProcess courier = CourierProcess.run("demo", "--input", input.toString())) {
            assertThat(courier.endedWith(2).err()).contains(input + ", line 2");
            assertThat(courier.temporary()).isEmpty();
        }
    }

    @Test
    void theNameOfAnUnreachableClickHouseIsNamed() throws Exception {
        try (CourierProcess courier = CourierProcess.run("status", "--clickhouse-url", "http://nowhere.invalid:8123")) {
            assertThat(courier.endedWith(3).err()).contains("http://nowhere.invalid:8123");
        }
    }
}
