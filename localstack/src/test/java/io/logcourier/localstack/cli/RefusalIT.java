package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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
                "--aws-region=",
                "--lane-name=x",
                "--worker-uploads=lots")) {
            assertThat(courier.endedWith(2).err())
                    .contains(
                            "unknown setting log-courier.worker.uplods in the file " + file
                                    + "; did you mean log-courier.worker.uploads?",
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
            assertThat(courier.endedWith(3).err()).startsWith("courier: ").contains(NOWHERE);
            assertThat(courier.out()).isEmpty();
        }
    }

    @Test
    void anUnreachableQueueIsNamed() throws Exception {
        try (CourierProcess courier = CourierProcess.run(
                Map.of("AWS_ACCESS_KEY_ID", "a", "AWS_SECRET_ACCESS_KEY", "b"),
                "work",
                "--once",
                "--sqs-endpoint=" + NOWHERE,
                "--queue-url=" + NOWHERE + "/orders",
                "--queue-dead-letter-url=" + NOWHERE + "/dead-letters")) {
            assertThat(courier.endedWith(3).err()).startsWith("courier: ");
        }
    }

    @Test
    void aFolderThatCannotBeUsedIsNamed() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        try (CourierProcess courier = CourierProcess.run("demo", "--rows=1", "--data", file.toString())) {
            assertThat(courier.endedWith(2).err()).contains(file.toString());
        }
    }
}
