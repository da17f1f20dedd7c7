package io.logcourier.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.engine.EngineProcess;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A ClickHouse, in a process of its own, that is killed, has no room on its disk, or finds its files cut. */
class ClickHouseTroubleIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);
    private static final int CHUNK = 64 * 1024;

    /** Mounts a small disk on the folder that follows, for the command after it alone. */
    private static final List<String> ON_A_SMALL_DISK = List.of(
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o size=64m tmpfs \"$0\" && exec \"$@\"");

    @RegisterExtension
    static final Stack STACK = new Stack();

    @TempDir
    private Path folder;

    @TempDir
    private Path other;

    private EngineProcess engine;

    @AfterEach
    void stop() {
        if (engine != null) {
            engine.close();
        }
    }

    @Test
    void itRestartsBetweenTheQueryAndTheCommitOfAWorkerAndTheTwoInsertsOfAPlanner() throws Exception {
        engine = new EngineProcess(List.of(), folder, other, 0);
        Installation courier = STACK.installation(engine.uri());
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            plan(courier, new Restarting(courier, "insert arrivals"), queue);
        }
        courier.flush();
        try (FaultyPorts ports = new FaultyPorts(courier);
                WorkerHandler worker =
                        ports.worker(new Restarting(courier, "insert offsets"), Faults.none(), target -> false)) {
            assertThat(courier.serve(worker)).isTrue();
        }
        Map<String, byte[]> objects = courier.objects(courier.target());
        assertThat(objects).hasSize(1);

        courier.drain();

        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(objects);
        assertThat(courier.assertDelivered("restarted twice", rows).isWell()).isTrue();
        assertThat(courier.number("SELECT count() FROM {ledger}.orders")).isOne();
    }

    @Test
    void aDiskThatIsFullRefusesWholeWritesAndAllIsDeliveredWhenThereIsRoom() throws Exception {
        Path probe = Files.createDirectory(other.resolve("probe"));
        List<String> mount = new ArrayList<>(ON_A_SMALL_DISK);
        mount.addAll(List.of(probe.toString(), "true"));
        assumeTrue(
                new ProcessBuilder(mount).redirectErrorStream(true).start().waitFor() == 0,
                "no small disk can be mounted here: " + mount);
        List<String> onSmallDisk = new ArrayList<>(ON_A_SMALL_DISK);
        onSmallDisk.add(folder.toString());
        engine = new EngineProcess(onSmallDisk, folder, other, 0);
        Installation courier = STACK.installation(engine.uri());
        Path ballast = Path.of("/proc", Long.toString(engine.pid()), "root")
                .resolve(folder.toString().substring(1))
                .resolve("ballast");
        List<LogRow> ordered = rows(courier, "ordered", 10);
        List<LogRow> claimable = rows(courier, "claimable", 10);
        List<LogRow> refused = rows(courier, "refused", 10);
        courier.insert(ordered);
        courier.flush();
        courier.insert(claimable);
        long epochs = courier.number("SELECT count() FROM {ledger}.epochs");
        fill(ballast);

        assertThatThrownBy(() -> courier.insert(refused)).isInstanceOf(CourierException.class);
        assertThatThrownBy(courier::flush)
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("space");
        assertThat(courier.serve(courier.worker())).isTrue();

        assertThat(courier.number("SELECT count() FROM {logs}.access_logs")).isEqualTo(20);
        assertThat(courier.number("SELECT count() FROM {ledger}.epochs")).isEqualTo(epochs);
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets")).isZero();
        Map<String, byte[]> objects = courier.objects(courier.target());
        assertThat(objects).as("written, not committed").hasSize(1);
        Files.delete(ballast);
        courier.insert(refused);
        courier.deliver(
                "room was made",
                Stream.of(ordered, claimable, refused).flatMap(List::stream).toList());
        assertThat(courier.objects(courier.target()))
                .containsAllEntriesOf(objects)
                .hasSize(3);
    }

    @Test
    void aLedgerWhoseNewestFilesAreCutIsRefusedAndGoesOnWhenTheyAreBack() throws Exception {
        engine = new EngineProcess(List.of(), folder, other, 0);
        Installation courier = STACK.installation(engine.uri());
        List<LogRow> early = rows(courier, "early", 10);
        List<LogRow> late = rows(courier, "late", 10);
        courier.insert(early);
        courier.deliver("before", early);
        courier.insert(late);
        courier.flush();
        int port = engine.uri().getPort();
        for (Path file : List.of(newest(courier, "epochs"), newest(courier, "offsets"))) {
            engine.kill();
            byte[] whole = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(whole, whole.length / 2));
            engine = new EngineProcess(List.of(), folder, other, port);

            assertThatThrownBy(engine::uri)
                    .as("where it serves, with %s cut", file)
                    .hasMessageContaining("broken parts");
            assertThat(engine.output()).contains("cannot open the data folder " + folder);

            Files.write(file, whole);
        }
        engine = new EngineProcess(List.of(), folder, other, port);
        assertThat(engine.uri().getPort()).isEqualTo(port);
        courier.deliver("after", Stream.of(early, late).flatMap(List::stream).toList());
    }

    /** The data of the newest part of a ledger's table. */
    private static Path newest(Installation courier, String table) {
        Statement statement = Statement.of("SELECT path FROM system.parts WHERE active AND database = {ledger:String}"
                        + " AND table = {table:String} ORDER BY modification_time DESC, max_block_number DESC LIMIT 1")
                .with("ledger", courier.lane().ledger())
                .with("table", table);
        return Path.of(new String(courier.clickHouse().read(statement, "TabSeparated"), UTF_8).strip())
                .resolve("data.bin");
    }

    private static void fill(Path ballast) throws IOException {
        try (OutputStream out = Files.newOutputStream(ballast)) {
            byte[] chunk = new byte[CHUNK];
            while (true) {
                out.write(chunk);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    /** SIGKILL, and the same again on what is left, where the clients know it. */
    private void restart() {
        try {
            int port = engine.uri().getPort();
            engine.kill();
            engine = new EngineProcess(List.of(), folder, other, port);
            assertThat(engine.uri().getPort()).isEqualTo(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A planner that may be interrupted by the restart. */
    private static void plan(Installation courier, Restarting clickHouse, SqsOrderQueue queue) {
        try {
            FaultyPlanner.plan(courier, clickHouse, queue, FLUSH);
        } catch (RetryableException e) {
            assertThat(clickHouse.restarted).as(e.toString()).isTrue();
        }
        assertThat(clickHouse.restarted).isTrue();
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target()))
                .toList();
    }

    /** The same server, which is killed before an insert, and then started again on what it left. */
    private final class Restarting implements ClickHouse {
        private final ClickHouse real;
        private final String point;
        private boolean restarted;

        Restarting(Installation courier, String point) {
            real = courier.clickHouse();
            this.point = point;
        }

        @Override
        public InputStream query(Statement statement, String format) {
            return real.query(statement, format);
        }

        @Override
        public void insert(String table, String format, byte[] lines, Map<String, String> settings) {
            if (!restarted && point.equals("insert " + table.substring(table.indexOf('.') + 1))) {
                restarted = true;
                restart();
            }
            real.insert(table, format, lines, settings);
        }

        @Override
        public void close() {}
    }
}
