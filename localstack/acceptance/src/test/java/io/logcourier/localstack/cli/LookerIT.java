package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.Stack;
import io.logcourier.looker.AccessLogStore;
import io.logcourier.looker.Finding;
import io.logcourier.looker.Report;
import io.logcourier.looker.Run;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import io.logcourier.looker.Store.Outcome;
import io.logcourier.looker.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.S3Object;

/** {@code courier looker} beside deliveries: right ones are not blamed, and what is done to the objects is found. */
final class LookerIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    private static final int STREAMS = 3;
    private static final int FRAGMENT = 200;
    private static final int ENTRIES = STREAMS * FRAGMENT * 4;

    @TempDir
    private Path reports;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"simple", "delivery-time zstd", "event-time gzip"})
    void deliveriesThatAreRightAreFoundRightWhileTheyGoOn(String form) throws InterruptedException, IOException {
        Installation installation = STACK.installation(Map.of(
                "delivery.forms",
                "*=" + form,
                "delivery.account-id",
                "123456789012",
                "delivery.more-columns",
                form.contains("gzip") ? "hostname,raftSessionID" : ""));
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<String> metrics = new AtomicReference<>("");
        Thread deliveries = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                err.toString().lines().filter(line -> line.endsWith("/metrics")).forEach(line -> scrape(line, metrics));
                installation.flush();
                installation.drain();
            }
        });

        int code = looker(
                installation,
                "--poll-every=0.2s",
                "--give-up-after=10m",
                "--max-delay=1h",
                "--html",
                "--metrics-port=0");
        done.set(true);
        deliveries.join();

        Report report = report("looker-test.json");
        assertThat(code).as(report.text() + err).isZero();
        assertThat(report.reading().count(Verdict.RIGHT)).isEqualTo(ENTRIES);
        assertThat(report.reading().objects()).isGreaterThanOrEqualTo(STREAMS);
        assertThat(report.reading().delayMillis().entries()).isEqualTo(ENTRIES);
        assertThat(out.toString()).contains("Every entry is right.");
        assertThat(Files.readString(reports.resolve("looker-test.html")))
                .contains("<polyline", "Every entry is right.")
                .doesNotContain("Nothing to show");
        assertThat(metrics.get())
                .contains("looker_entries_written_total ", "looker_entries_total{verdict=\"missing\"} 0.0")
                .contains("looker_delay_seconds{statistic=\"p99\"}", "looker_push_duration_seconds_bucket{");
    }

    private static void scrape(String line, AtomicReference<String> metrics) {
        URI address = URI.create(line.substring(line.indexOf("http")));
        try (HttpClient client = HttpClient.newHttpClient()) {
            String text = client.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString())
                    .body();
            if (text.contains("_bucket{")) {
                metrics.set(text);
            }
        } catch (IOException e) {
            // It ended meanwhile; the last answer counts.
            assertThat(metrics.get()).as(e.toString()).isNotEmpty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatIsDoneToTheObjectsOfARunIsFoundWhenItIsVerified() throws IOException {
        Installation installation = STACK.installation(Map.of("delivery.forms", "*=simple"));
        assertThat(looker(installation, "--skip-read")).as(err.toString()).isZero();
        installation.flush();
        installation.drain();
        assertThat(verify(installation)).as(out.toString() + err).isZero();
        List<String> keys =
                installation.s3().listObjectsV2(request -> request.bucket(installation.target())).contents().stream()
                        .map(S3Object::key)
                        .toList();
        assertThat(keys).hasSize(STREAMS);

        List<String> lines = lines(installation, keys.get(0));
        String twice = lines.get(7);
        List<String> more = new ArrayList<>(lines);
        more.add(8, twice);
        put(installation, keys.get(0), more);
        finds(installation, Verdict.DUPLICATED, 1);

        List<String> fewer = new ArrayList<>(lines);
        fewer.removeLast();
        put(installation, keys.get(0), fewer);
        finds(installation, Verdict.MISSING, 1);

        List<String> swapped = new ArrayList<>(lines);
        Collections.swap(swapped, 0, lines.size() - 1);
        put(installation, keys.get(0), swapped);
        finds(installation, Verdict.DISORDERED, 2);

        List<String> other = new ArrayList<>(lines);
        other.set(3, lines.get(3).replaceFirst("-\n", "us-west-1\n"));
        put(installation, keys.get(0), other);
        Finding altered = finds(installation, Verdict.ALTERED, 1).getFirst();
        assertThat(altered.field()).isEqualTo("Source Region");
        assertThat(altered.got()).isEqualTo("us-west-1");
        assertThat(altered.place()).isEqualTo(installation.target() + "/" + keys.get(0) + " line 4");

        put(installation, keys.get(0), lines);
        List<String> strange = lines(installation, keys.get(1));
        strange.addFirst(lines.getFirst());
        put(installation, keys.get(1), strange);
        finds(installation, Verdict.MISPLACED, 1);

        installation.s3().deleteObject(request -> request.bucket(installation.target())
                .key(keys.get(1)));
        assertThat(finds(installation, Verdict.MISSING, strange.size() - 1)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd"})
    void aDamagedCompressedObjectIsNamed(String compression) throws IOException {
        Installation installation = STACK.installation(Map.of("delivery.forms", "*=simple " + compression));
        assertThat(looker(installation, "--skip-read", "--n-streams=1")).isZero();
        installation.flush();
        installation.drain();
        String key = installation
                .s3()
                .listObjectsV2(request -> request.bucket(installation.target()))
                .contents()
                .getFirst()
                .key();
        byte[] bytes = installation
                .s3()
                .getObjectAsBytes(
                        request -> request.bucket(installation.target()).key(key))
                .asByteArray();
        installation
                .s3()
                .putObject(
                        request -> request.bucket(installation.target()).key(key),
                        RequestBody.fromBytes(Arrays.copyOf(bytes, bytes.length / 2)));

        assertThat(verify(installation)).isEqualTo(1);

        assertThat(report("looker-test-verified.json").reading().count(Verdict.UNREADABLE))
                .isEqualTo(1);
        assertThat(report("looker-test-verified.json").reading().count(Verdict.MISSING))
                .isPositive();
    }

    @Test
    void aServiceThatIsNotThereIsNoFaultOfTheData() throws IOException {
        Installation installation = STACK.installation();

        assertThat(looker(installation, "--clickhouse-url=http://127.0.0.1:1")).isEqualTo(3);
        assertThat(report("looker-test.json").failure()).contains("127.0.0.1:1");
        assertThat(looker(installation, "--target-bucket=nowhere")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no bucket nowhere");
        assertThat(looker(installation, "--skip-read")).isZero();
        assertThat(verify(installation, "--s3-endpoint=http://127.0.0.1:1")).isEqualTo(3);
        assertThat(report("looker-test-verified.json").reading().isRight()).isTrue();
        assertThat(err.toString()).doesNotContain("\tat ");
    }

    @Test
    void anInsertWithoutAnswerIsNotSentAgainAndOneThatWasNeverSentIsRefused() throws IOException, InterruptedException {
        Installation installation = STACK.installation();
        Run run =
                new Run("test", 1, 1, 0, Compressibility.MAX, Shape.ORDINARY, List.of("logs"), "looker/", "text-2", 0);
        AtomicInteger requests = new AtomicInteger();
        URI address;
        Thread server;
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            address = URI.create("http://127.0.0.1:" + silent.getLocalPort());
            server = Thread.ofPlatform().daemon().start(() -> hangUp(silent, requests));
            assertThat(write(installation, run, address)).isEqualTo(Outcome.UNKNOWN);
            assertThat(requests).hasValue(1);
        }
        // Until then the port is still listened on.
        server.join();
        assertThat(write(installation, run, address)).isEqualTo(Outcome.REFUSED);
        assertThat(requests).hasValue(1);
    }

    private static Outcome write(Installation installation, Run run, URI clickHouse) {
        try (AccessLogStore store =
                new AccessLogStore(installation.settings(Map.of("clickhouse.url", clickHouse.toString())), 1)) {
            return store.write(run.stream(0), new byte[] {'{', '}', '\n'}, 0, 3).outcome();
        }
    }

    /** Takes requests and closes their connections without an answer. */
    private static void hangUp(ServerSocket server, AtomicInteger requests) {
        try {
            while (true) {
                try (Socket client = server.accept()) {
                    assertThat(client.getInputStream().read()).isEqualTo('P');
                    requests.incrementAndGet();
                }
            }
        } catch (IOException e) {
            assertThat(server.isClosed()).as(e.toString()).isTrue();
        }
    }

    private List<Finding> finds(Installation installation, Verdict verdict, int count) throws IOException {
        assertThat(verify(installation)).isEqualTo(1);
        Report report = report("looker-test-verified.json");
        for (Verdict each : Verdict.values()) {
            if (each != Verdict.RIGHT) {
                assertThat(report.reading().count(each))
                        .as("%s: %s", each, report.text())
                        .isEqualTo(each == verdict ? count : 0);
            }
        }
        assertThat(Files.readString(reports.resolve("looker-test-verified.txt")))
                .contains("Something is wrong.");
        return report.reading().findings();
    }

    private int verify(Installation installation, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--verify-run=test", "--max-delay=1h", "--give-up-after=1s"));
        all.addAll(List.of(arguments));
        return execute(installation, all);
    }

    private int looker(Installation installation, String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                "--run-id=test",
                "--n-entries-per-stream-fragment=" + FRAGMENT,
                "--cycle-stop-write-after-n-fragments=4",
                "--jitter=0"));
        if (Arrays.stream(arguments).noneMatch(argument -> argument.startsWith("--n-streams"))) {
            all.add("--n-streams=" + STREAMS);
        }
        if (Arrays.stream(arguments).noneMatch(argument -> argument.startsWith("--target-bucket"))) {
            all.add("--target-bucket=" + installation.target());
        }
        all.addAll(List.of(arguments));
        return execute(installation, all);
    }

    private int execute(Installation installation, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of("looker", "--report-dir=" + reports));
        installation.flags().stream()
                .filter(flag -> arguments.stream()
                        .noneMatch(argument -> argument.startsWith(flag.substring(0, flag.indexOf("=") + 1))))
                .forEach(all::add);
        all.addAll(arguments);
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(all.toArray(String[]::new));
    }

    private Report report(String name) {
        try {
            return ClickHouse.JSON.readValue(Files.readAllBytes(reports.resolve(name)), Report.class);
        } catch (IOException e) {
            throw new AssertionError("no report; " + out + err, e);
        }
    }

    private static List<String> lines(Installation installation, String key) {
        String text = new String(
                installation
                        .s3()
                        .getObjectAsBytes(
                                request -> request.bucket(installation.target()).key(key))
                        .asByteArray(),
                StandardCharsets.ISO_8859_1);
        return new ArrayList<>(List.of(text.split("(?<=\n)")));
    }

    private static void put(Installation installation, String key, List<String> lines) {
        installation
                .s3()
                .putObject(
                        request -> request.bucket(installation.target()).key(key),
                        RequestBody.fromBytes(String.join("", lines).getBytes(StandardCharsets.ISO_8859_1)));
    }
}
