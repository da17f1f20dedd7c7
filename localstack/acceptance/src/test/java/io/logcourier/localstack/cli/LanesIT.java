package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.logcourier.RetryableException;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.engine.EngineProcess;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.message.Tick;
import io.logcourier.worker.WorkerHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two ClickHouses in two processes behind one queue, with one discovery function and one worker function. */
class LanesIT {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);

    private static final Tick REDELIVER = new Tick(Optional.empty(), true, true);

    @RegisterExtension
    static final Stack STACK = new Stack();

    @TempDir
    private Path folder;

    private final Map<Installation, List<LogRow>> rows = new HashMap<>();

    @Test
    void aLaneThatIsDownDelaysOnlyItselfShowsAndGoesOnWhenItIsBack() throws IOException {
        Installation east = STACK.installation(Map.of("lane.name", "east"));
        EngineProcess process = new EngineProcess(List.of(), folder.resolve("west"), folder, 0);
        URI url = process.uri();
        Installation west = beside(east, url);
        // Nobody listens at the first replica.
        Settings both = both(east, "http://127.0.0.1:1 " + url);
        try (DiscoveryHandler discovery = new DiscoveryHandler(both);
                WorkerHandler worker = new WorkerHandler(both)) {
            insert(east);
            insert(west);
            JsonNode answer = tick(discovery);
            assertThat(answer.path("lanes"))
                    .extracting(lane -> lane.path("lane").stringValue() + lane.path("orders"))
                    .containsExactly("east1", "west1");
            assertThat(east.serve(worker)).isTrue();
            assertDelivered(east);
            assertDelivered(west);
            assertThat(run(east, url, "status").out()).contains("lane east", "lane west");
            assertThat(run(east, url, "audit", "--objects").code()).isZero();

            insert(east);
            insert(west);
            tick(discovery);
            process.kill();
            assertThat(east.serve(worker)).isTrue();
            assertDelivered(east);
            insert(east);
            ByteArrayOutputStream written = new ByteArrayOutputStream();
            assertThatThrownBy(() -> Ticks.tick(discovery, FLUSH.payload(), Ticks.TIMEOUT, written))
                    .isInstanceOf(RetryableException.class)
                    .hasMessageContaining("lane west: no replica answers: ")
                    .hasMessageContaining(url.toString())
                    .hasMessageNotContaining("lane east");
            answer = JSON.readTree(written.toByteArray());
            assertThat(answer.path("lanes").path(0).path("orders").intValue()).isOne();
            assertThat(answer.path("lanes").path(1).propertyNames()).containsExactly("lane", "failure");
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> east.serve(worker)
                            && delivered(east) == rows.get(east).size());
            assertDelivered(east);
            Ran status = run(east, url, "status");
            assertThat(status.code()).isEqualTo(3);
            assertThat(status.out()).contains("lane east").doesNotContain("lane west");
            assertThat(status.err()).contains("courier: lane west: ");
            assertThat(run(east, url, "audit", "--lane=west").code()).isEqualTo(3);
            assertThat(run(east, url, "audit", "--lane=east").code()).isZero();
            assertThat(run(east, url, "load", "rows.ndjson"))
                    .satisfies(load -> assertThat(load.code()).isEqualTo(2))
                    .satisfies(load -> assertThat(load.err()).contains("has east, west: name one with --lane"));

            try (EngineProcess again = new EngineProcess(List.of(), folder.resolve("west"), folder, url.getPort())) {
                assertThat(again.uri()).isEqualTo(url);
                insert(west);
                tick(discovery, REDELIVER);
                // With the message that came back too often meanwhile.
                await().atMost(CourierProcess.PATIENCE)
                        .until(() -> east.serve(worker)
                                && delivered(west) == rows.get(west).size());
                assertDelivered(west);
                west.close();
            }
        } finally {
            process.kill();
        }
    }

    @Test
    void aLaneThatHangsIsLeftAlone() throws IOException {
        Installation east = STACK.installation(Map.of("lane.name", "east"));
        // Connections are made, and nobody answers.
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                DiscoveryHandler discovery = FaultyPlanner.impatient(
                        both(east, "http://127.0.0.1:" + silent.getLocalPort()), Duration.ofMillis(100))) {
            insert(east);
            await().atMost(CourierProcess.PATIENCE).until(() -> {
                assertThatThrownBy(() -> tick(discovery))
                        .isInstanceOf(RetryableException.class)
                        .hasMessageContaining("lane west: its planner has waited for default@http://127.0.0.1:"
                                + silent.getLocalPort());
                east.drain();
                return delivered(east) == rows.get(east).size();
            });
            assertDelivered(east);
        }
    }

    /** Another lane of the same installation. */
    private static Installation beside(Installation first, URI clickHouse) {
        return STACK.installation(
                clickHouse,
                Map.of(
                        "lane.name",
                        "west",
                        "clickhouse.logs-database",
                        first.lane().logs(),
                        "clickhouse.ledger-database",
                        first.lane().ledger()));
    }

    private static String lanes(Installation east, String west) {
        return "east=%s,west=%s".formatted(east.lane().endpoint().url(), west);
    }

    private static Settings both(Installation east, String west) {
        return east.settings(Map.of("clickhouse.url", lanes(east, west)));
    }

    private void insert(Installation lane) {
        List<LogRow> all = rows.computeIfAbsent(lane, one -> new ArrayList<>());
        List<LogRow> batch = IntStream.range(all.size(), all.size() + 10)
                .mapToObj(row -> LogRow.of("cats", lane.lane().name() + row, lane.target()))
                .toList();
        lane.insert(batch);
        all.addAll(batch);
    }

    private static JsonNode tick(DiscoveryHandler discovery) throws IOException {
        return tick(discovery, FLUSH);
    }

    private static JsonNode tick(DiscoveryHandler discovery, Tick tick) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        Ticks.tick(discovery, tick.payload(), Ticks.TIMEOUT, answer);
        return JSON.readTree(answer.toByteArray());
    }

    private static long delivered(Installation lane) {
        return lane.books().balance().delivered();
    }

    private void assertDelivered(Installation lane) {
        assertThat(lane.assertDelivered("lane " + lane.lane().name(), rows.get(lane))
                        .isWell())
                .isTrue();
    }

    private record Ran(int code, String out, String err) {}

    private static Ran run(Installation east, URI west, String... command) {
        List<String> arguments = new ArrayList<>(List.of(command));
        east.flags().stream()
                .filter(flag -> !flag.startsWith("--clickhouse-url="))
                .forEach(arguments::add);
        arguments.add("--clickhouse-url=" + lanes(east, west.toString()));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }
}
