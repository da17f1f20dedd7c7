package io.logcourier.localstack.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.lambda.Scheduler;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.Tick;
import io.logcourier.operations.Output;
import io.logcourier.operations.Seconds;
import io.logcourier.operations.SettingsFlags;
import io.logcourier.operations.Terminal;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.sqs.SqsClient;
import tools.jackson.databind.json.JsonMapper;

/** {@code courier up}. */
@Command(
        name = "up",
        footer = {
            "  courier up --bucket access-logs --flush --every 10s",
            "  courier up --only clickhouse --data laptop"
        },
        description = {
            "Runs ClickHouse, S3 and SQS on loopback in the foreground, with the scheduler and the workers.",
            "Post rows to ClickHouse's HTTP port and read objects from S3; SIGINT or SIGTERM stops it cleanly."
        })
final class UpCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();
    /** A file in the data folder. */
    private static final String ENVIRONMENT = "environment";

    private static final FileAttribute<?> OWNER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--only",
            paramLabel = "clickhouse",
            description = "run ClickHouse alone: no functions, no S3, no SQS")
    private Only only;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "keep everything here; without it the rows go with the process, and the objects when the next one starts")
    private Path data;

    @Option(
            names = "--clickhouse-port",
            paramLabel = "PORT",
            defaultValue = "8123",
            description = "default: ${DEFAULT-VALUE}; 0: any free one")
    private int clickHousePort;

    @Option(
            names = "--s3-port",
            paramLabel = "PORT",
            defaultValue = "9000",
            description = "default: ${DEFAULT-VALUE}; 0: any free one")
    private int s3Port;

    @Option(
            names = "--sqs-port",
            paramLabel = "PORT",
            defaultValue = "9324",
            description = "default: ${DEFAULT-VALUE}; 0: any free one")
    private int sqsPort;

    @Option(
            names = "--every",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = Seconds.class,
            description = "between ticks, such as 10s or 1m; default: ${DEFAULT-VALUE}")
    private Duration every;

    @Option(names = "--flush", description = "every tick delivers all there is")
    private boolean flush;

    @Option(
            names = "--bucket",
            paramLabel = "NAME",
            description = "make this bucket where it is missing; may be repeated")
    private List<String> buckets = List.of();

    @Option(names = "--json", description = "once ready, print the endpoints as one JSON line")
    private boolean json;

    /** What can run alone. */
    private enum Only {
        clickhouse
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        for (String bucket : buckets) {
            if (!BUCKET.matcher(bucket).matches()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--bucket '" + bucket + "': 3 to 63 lower case letters, digits, dots and hyphens are needed");
            }
        }
        if (data == null) {
            LaptopStack.clearTemporary();
        }
        if (Terminal.STDERR.isWatched()) {
            spec.commandLine().getErr().println("starting ClickHouse, S3 and SQS on this machine, some seconds");
        }
        Layout layout = new Layout(Optional.ofNullable(data), clickHousePort, s3Port, sqsPort, only != null);
        ParseResult parsed = spec.commandLine().getParseResult();
        LaptopStack stack = LaptopStack.start(layout, SettingsFlags.given(parsed), SettingsFlags.environment(parsed));
        if (only == null) {
            buckets.forEach(stack::makeBucket);
            serve(stack);
        }
        Ready ready = Ready.of(stack);
        if (stack.data().isPresent()) {
            write(stack.data().get(), ready.exports());
        }
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.stopWith(stopped::countDown);
        if (json) {
            PrintWriter out = spec.commandLine().getOut();
            out.println(JSON.writeValueAsString(ready));
            out.flush();
        } else {
            Output.print(spec, false, ready, Ready::text);
        }
        stopped.await();
        stack.close();
        return 0;
    }

    /** The queue is new, so the first tick enqueues what is open, and is then left to the rhythm of the others. */
    private void serve(LaptopStack stack) throws IOException {
        DiscoveryHandler discovery = stack.opened(new DiscoveryHandler(stack.settings()));
        WorkerHandler worker = stack.opened(new WorkerHandler(stack.settings()));
        SqsClient sqs = stack.opened(stack.sqs());
        EventSource source = new EventSource(sqs, WorkCommand.mapping(stack.settings()), worker);
        stack.opened(() -> source.close(Signals.GRACE));
        source.start();
        Ticks.tick(discovery, new Tick(Optional.empty(), flush, true));
        Scheduler scheduler = new Scheduler(
                "discovery", discovery, new Tick(Optional.empty(), flush, false).payload(), every, Ticks.TIMEOUT);
        stack.opened(() -> scheduler.close(Signals.GRACE));
    }

    /** Whole or not at all, and for the user alone: passwords and keys are in it. */
    private static void write(Path data, String exports) throws IOException {
        Path whole = Files.createTempFile(data, ENVIRONMENT, ".new", OWNER);
        Files.writeString(whole, exports + System.lineSeparator());
        Files.move(whole, data.resolve(ENVIRONMENT), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Where everything is: the line that {@code --json} prints. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Ready(
            URI clickhouse,
            String clickhouseUser,
            String clickhousePassword,
            URI s3,
            URI sqs,
            URI queue,
            URI deadLetterQueue,
            String accessKey,
            String secretKey,
            String region,
            String data,
            String objects) {
        static Ready of(LaptopStack stack) {
            Settings settings = stack.settings();
            return new Ready(
                    settings.lane().endpoint().url(),
                    stack.keys().user(),
                    stack.keys().password(),
                    settings.aws().s3Endpoint().orElse(null),
                    settings.aws().sqsEndpoint().orElse(null),
                    stack.queueUrl().orElse(null),
                    stack.deadLetterUrl().orElse(null),
                    stack.keys().accessKey(),
                    stack.keys().secretKey(),
                    settings.aws().region(),
                    stack.data().map(Path::toString).orElse(null),
                    stack.objects().map(Path::toString).orElse(null));
        }

        String text() {
            StringBuilder text = new StringBuilder("Ready, on loopback only. Stop with Ctrl-C.");
            row(text, "ClickHouse", clickhouse);
            row(text, "user", clickhouseUser);
            row(text, "password", clickhousePassword);
            row(text, "S3", s3);
            row(text, "SQS", sqs);
            row(text, "order queue", queue);
            row(text, "dead letters", deadLetterQueue);
            row(text, "access key", accessKey);
            row(text, "secret key", secretKey);
            row(text, "region", region);
            row(text, "data", data);
            row(text, "objects", objects);
            text.append("%n%nThe other commands need, in their terminal%s:%n%n"
                    .formatted(data == null ? " (password and keys are new with each start)" : ""));
            if (data != null) {
                text.append(". %s%n%nwhich is:%n%n".formatted(Path.of(data).resolve(ENVIRONMENT)));
            }
            return text.append(exports()).toString();
        }

        /** Variables for the other commands, as a shell takes them. */
        String exports() {
            StringBuilder text = new StringBuilder();
            export(text, Setting.CLICKHOUSE_URL.variable(), clickhouse);
            export(text, Setting.CLICKHOUSE_USER.variable(), clickhouseUser);
            export(text, Setting.CLICKHOUSE_PASSWORD.variable(), clickhousePassword);
            export(text, Setting.S3_ENDPOINT.variable(), s3);
            export(text, Setting.SQS_ENDPOINT.variable(), sqs);
            export(text, Setting.QUEUE_URL.variable(), queue);
            export(text, Setting.DEAD_LETTER_URL.variable(), deadLetterQueue);
            export(text, "AWS_ACCESS_KEY_ID", accessKey);
            export(text, "AWS_SECRET_ACCESS_KEY", secretKey);
            return text.toString().strip();
        }

        private static void export(StringBuilder text, String variable, Object value) {
            if (value != null) {
                text.append("%nexport %s=%s".formatted(variable, value));
            }
        }

        private static void row(StringBuilder text, String name, Object value) {
            if (value != null) {
                text.append("%n  %-12s %s".formatted(name, value));
            }
        }
    }
}
