package io.logcourier.localstack.bench;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.LaptopStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/** The engine, S3 and SQS, and the courier, each a process of its own. */
final class BenchInstallation implements AutoCloseable {
    private static final Duration GLANCE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /** What stands in for servers compiles as little as can be: theirs are compiled. */
    private static final List<String> STAND_IN = List.of("-Xmx512m", "-XX:TieredStopAtLevel=1");

    final Options options;

    /** Goes with it. */
    final Path folder;

    private final List<Child> children = new CopyOnWriteArrayList<>();
    final Child engine;
    final Child services;
    final Child courier;
    final Settings settings;
    final ServicesProcess.Ready endpoints;
    final ClickHouse clickHouse;

    /** What configures a function for it. */
    final Map<String, String> variables;

    /** Starts all three; they are ready when it returns. */
    BenchInstallation(Options options) throws IOException {
        this.options = options;
        Map<String, String> hidden = new HashMap<>(options.variables());
        Setting.all().forEach(setting -> {
            if (LaptopStack.OWN.contains(setting.name())) {
                hidden.put(setting.variable(), "");
            }
        });
        folder = Files.createTempDirectory("log-courier-bench-");
        Runtime.getRuntime().addShutdownHook(new Thread(this::clear, "shutdown"));
        engine = start(
                ClickHouseProcess.class,
                STAND_IN,
                hidden,
                folder.resolve("engine").toString());
        services = start(
                ServicesProcess.class,
                STAND_IN,
                hidden,
                options.disk() ? new String[] {folder.resolve("objects").toString()} : new String[0]);
        ClickHouseProcess.Ready opened = engine.ready(ClickHouseProcess.Ready.class);
        endpoints = services.ready(ServicesProcess.Ready.class);
        Map<String, String> all = new HashMap<>(options.settings());
        LaptopStack.OWN.forEach(name -> all.put(name, ""));
        all.put("clickhouse.url", opened.clickhouse().toString());
        all.put("clickhouse.user", opened.user());
        all.put("clickhouse.password", opened.password());
        all.put("s3.endpoint", endpoints.s3().toString());
        all.put("sqs.endpoint", endpoints.sqs().toString());
        all.put("queue.url", endpoints.queue().toString());
        all.put("queue.dead-letter-url", endpoints.deadLetterQueue().toString());
        settings = Settings.read(all, options.variables());
        variables = new HashMap<>(hidden);
        Setting.all().stream()
                .filter(setting -> all.containsKey(setting.name()))
                .forEach(setting -> variables.put(setting.variable(), all.get(setting.name())));
        variables.put("AWS_ACCESS_KEY_ID", endpoints.accessKey());
        variables.put("AWS_SECRET_ACCESS_KEY", endpoints.secretKey());
        Requests.install(folder.resolve(FunctionsProcess.class.getSimpleName()));
        courier = start(FunctionsProcess.class, options.courier(), variables, Integer.toString(options.concurrency()));
        courier.ready(FunctionsProcess.Counts.class);
        clickHouse = ClickHouse.connect(settings.lane().endpoint());
    }

    /** What was used and done so far. */
    Usage usage() throws IOException {
        record Event(String event, long value) {}
        Map<String, Long> events = clickHouse.list(sql("events.sql"), Event.class).stream()
                .collect(Collectors.toMap(Event::event, Event::value));
        FunctionsProcess.Counts counts = courier.ask("counts", FunctionsProcess.Counts.class);
        return new Usage(
                engine.cpu(),
                services.cpu(),
                courier.cpu(),
                counts.requests(),
                events.getOrDefault("SelectQuery", 0L) + events.getOrDefault("InsertQuery", 0L),
                events.getOrDefault("SelectedRows", 0L));
    }

    /** Waits until no merge runs. */
    void settle() throws InterruptedException {
        record Count(long count) {}
        int quiet = 0;
        for (long end = System.nanoTime() + PATIENCE.toNanos(); quiet < 5 && System.nanoTime() < end; ) {
            Thread.sleep(GLANCE);
            boolean merging =
                    clickHouse.one(sql("merges.sql"), Count.class).orElseThrow().count() > 0;
            quiet = merging ? 0 : quiet + 1;
        }
    }

    /** For S3 and SQS. */
    AwsBasicCredentials credentials() {
        return AwsBasicCredentials.create(endpoints.accessKey(), endpoints.secretKey());
    }

    /** ClickHouse's clock, in milliseconds. */
    long now() {
        record Now(long millis) {}
        return clickHouse.one(sql("now.sql"), Now.class).orElseThrow().millis();
    }

    /** A statement beside this class, with the names of databases and tables. */
    Statement sql(String file) {
        return Statement.resource(BenchInstallation.class, file)
                .with("logs", settings.lane().logs())
                .with("table", settings.lane().table())
                .with("ledger", settings.lane().ledger());
    }

    private Child start(Class<?> main, List<String> java, Map<String, String> environment, String... arguments)
            throws IOException {
        Child child = Child.start(main, java, environment, folder, arguments);
        children.add(child);
        return child;
    }

    @Override
    public void close() {
        clickHouse.close();
        clear();
    }

    private void clear() {
        children.forEach(Child::close);
        FileUtils.deleteQuietly(folder.toFile());
    }
}
