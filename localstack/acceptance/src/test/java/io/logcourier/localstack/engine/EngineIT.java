package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineIT {
    @TempDir
    private Path folder;

    @TempDir
    private Path other;

    @Test
    void dataSurvivesClosingAndReopening() {
        try (Engine engine = Engine.open(folder)) {
            query(
                    engine,
                    "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1,"
                            + " fsync_part_directory = 1");
            query(engine, "INSERT INTO t SELECT 7");
        }
        try (Engine engine = Engine.open(other)) {
            assertThatThrownBy(() -> query(engine, "SELECT * FROM t")).hasMessageContaining("UNKNOWN_TABLE");
        }
        try (Engine engine = Engine.open(folder)) {
            assertThat(query(engine, "SELECT * FROM t")).isEqualTo("7\n");
        }
    }

    @Test
    void aTemporaryFolderIsDeletedOnClose() {
        Path temporary;
        try (Engine engine = Engine.temporary()) {
            temporary = engine.folder();
            query(engine, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
            assertThat(temporary).isNotEmptyDirectory();
        }
        assertThat(temporary).doesNotExist();
    }

    @Test
    void aProcessHasOneEngineOpen() {
        try (Engine engine = Engine.open(folder)) {
            assertThat(engine.folder()).isEqualTo(folder);
            assertThatThrownBy(() -> Engine.open(other))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("open already")
                    .hasMessageContaining(other.toString());
        }
    }

    @Test
    void aFolderIsOneProcesssAlone() throws Exception {
        try (EngineProcess process = new EngineProcess(folder, other)) {
            assertThat(process.uri()).isNotNull();
            assertThatThrownBy(() -> Engine.open(folder))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("in use by another process")
                    .hasMessageContaining(folder.toString());
        }
    }

    @Test
    void whatWasInsertedSurvivesAKill() throws Exception {
        try (EngineProcess process = new EngineProcess(folder, other);
                Http http = new Http(process.uri())) {
            http.query("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
            http.query("INSERT INTO t VALUES (1), (2)");
            process.process().destroyForcibly().waitFor();
        }
        try (Engine engine = Engine.open(folder)) {
            assertThat(query(engine, "SELECT count() FROM t")).isEqualTo("2\n");
        }
    }

    @Test
    void closingCancelsWhatRunsAndIsIdempotent() throws Exception {
        Engine engine = Engine.open(folder);
        List<Future<?>> queries = new ArrayList<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            for (int i = 0; i < 8; i++) {
                queries.add(threads.submit(
                        () -> query(engine, "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1")));
            }
            Session idle = engine.connect();
            await().until(() -> query(engine, "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep%'")
                    .equals("8\n"));
            // It says so where what runs has not stopped within ten seconds.
            engine.close();
            engine.close();
            for (Future<?> query : queries) {
                assertThatThrownBy(query::get).hasMessageContaining("QUERY_WAS_CANCELLED");
            }
            assertThatThrownBy(() -> idle.query(new byte[0], "Null", Map.of())).hasMessageContaining("closed");
            assertThatThrownBy(engine::connect).hasMessageContaining("closed");
        }
    }

    @Test
    void aTerminatedProcessClosesItselfWhateverItsClientsDo() throws Exception {
        try (EngineProcess process = new EngineProcess(folder, other);
                Http http = new Http(process.uri());
                InputStream reading =
                        http.stream("SELECT number FROM numbers(100000000000)").body();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            assertThat(reading.readNBytes(10)).hasSize(10);
            List<Future<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiting.add(threads.submit(
                        () -> http.query("SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1")));
            }
            await().until(() ->
                    http.query("SELECT count() FROM system.processes").equals("6\n"));
            process.terminate();
            assertThat(process.process().waitFor(15, TimeUnit.SECONDS)).isTrue();
            assertThat(process.output()).endsWith("closed\n");
            assertThat(process.process().exitValue()).isEqualTo(128 + 15);
            assertThat(other).as("no crash report").isEmptyDirectory();
            for (Future<?> query : waiting) {
                assertThatThrownBy(query::get).isInstanceOf(ExecutionException.class);
            }
        }
    }

    @Test
    void anAbsentLibraryIsNamedWithWhatToDo() {
        System.setProperty("LOG_COURIER_LIBCHDB", folder.resolve("libchdb.so").toString());
        try {
            assertThatThrownBy(Engine::temporary)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(folder.toString())
                    .hasMessageContaining("LOG_COURIER_LIBCHDB");
        } finally {
            System.clearProperty("LOG_COURIER_LIBCHDB");
        }
    }

    private static String query(Engine engine, String sql) {
        try (Session session = engine.connect();
                Result result = session.query(sql.getBytes(StandardCharsets.UTF_8), "TSV", Map.of())) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            result.writeTo(out, 0);
            return out.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
    }
}
