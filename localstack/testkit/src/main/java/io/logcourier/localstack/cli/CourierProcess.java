package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command line in a JVM of its own, started as the script {@code courier} starts it, with the jars it has. */
final class CourierProcess implements AutoCloseable {
    /** For whatever must happen some time, on a machine that has other things to do. */
    static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final JsonMapper JSON = new JsonMapper();

    private final Path folder;
    private final Process process;

    private CourierProcess(Path folder, Process process) {
        this.folder = folder;
        this.process = process;
    }

    /** Starts {@code courier} with these arguments. */
    static CourierProcess start(String... arguments) throws IOException {
        return start(Map.of(), arguments);
    }

    /** Starts {@code courier up} on free ports, with {@code ready} as JSON. */
    static CourierProcess up(String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("up", "--json", "--clickhouse-port=0", "--s3-port=0", "--sqs-port=0"));
        arguments.addAll(List.of(more));
        return start(arguments.toArray(String[]::new));
    }

    /** As the other one, with more environment variables. */
    static CourierProcess start(Map<String, String> environment, String... arguments) throws IOException {
        return start(Output.FILES, environment, arguments);
    }

    /** Into a pipe whose reader goes after the first line, which is in {@link #out}. */
    static CourierProcess startIntoHead(Map<String, String> environment, String... arguments) throws IOException {
        return start(Output.HEAD, environment, arguments);
    }

    /**
     * On a terminal, which shows both outputs; what it shows is in {@link #out}. {@link #type} types there. Skips a test where
     * there is no program that makes a terminal.
     */
    static CourierProcess startOnTerminal(Map<String, String> environment, String... arguments) throws IOException {
        assumeThat(Stream.of(System.getenv("PATH").split(":", -1)))
                .as("script, of util-linux")
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "script")));
        return start(Output.TERMINAL, environment, arguments);
    }

    /** Where its stdout goes. */
    private enum Output {
        FILES,
        TERMINAL,
        HEAD
    }

    private static CourierProcess start(Output output, Map<String, String> environment, String... arguments)
            throws IOException {
        Path folder = Files.createTempDirectory("courier-process-");
        Path built = Path.of("..", "target").toAbsolutePath().normalize();
        assertThat(built.resolve("lib")).as("made by `mvn package`").isDirectory();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                // Short runs: what these save is a third of the processor time.
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx1g",
                "-Djava.io.tmpdir=" + Files.createDirectory(folder.resolve("tmp")),
                "-cp",
                built.resolve("classes") + ":" + built.resolve("lib") + "/*",
                Main.class.getName()));
        command.addAll(List.of(arguments));
        String line = String.join(" ", command);
        command = switch (output) {
            case FILES -> command;
            case TERMINAL -> List.of("script", "--quiet", "--return", "--command", line, "/dev/null");
            case HEAD -> List.of("bash", "-c", line + " | head -n 1; exit ${PIPESTATUS[0]}");
        };
        // A build that runs in the background ignores SIGINT, which its children would inherit.
        List<String> interruptible = new ArrayList<>(List.of("env", "--default-signal=INT"));
        interruptible.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(interruptible)
                .directory(folder.toFile())
                .redirectOutput(folder.resolve("stdout").toFile())
                .redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
        builder.environment().putAll(environment);
        return new CourierProcess(folder, builder.start());
    }

    /** Runs {@code courier} to its end. */
    static CourierProcess run(String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), arguments);
    }

    /** As the other one, with more environment variables. */
    static CourierProcess run(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        CourierProcess courier = start(environment, arguments);
        courier.end();
        return courier;
    }

    /** Waits for its end and returns the exit code. */
    int end() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("does not end; stderr: " + err());
        }
        return process.exitValue();
    }

    /** Whether it ends within the time. */
    boolean endsWithin(Duration time) throws InterruptedException {
        return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL, and its end. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Sends a signal by its short name. */
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Types on its terminal. */
    void type(String keys) throws IOException {
        process.outputWriter().write(keys);
        process.outputWriter().flush();
    }

    /** What is in its folder for temporary files. */
    String[] temporary() {
        return folder.resolve("tmp").toFile().list();
    }

    /** The JSON line that {@code up --json} prints once it is ready. */
    JsonNode ready() {
        await().atMost(PATIENCE).until(() -> out().endsWith("\n") || !process.isAlive());
        assertThat(out()).as("stderr: %s", err()).isNotEmpty();
        return JSON.readTree(out());
    }

    /** Its stdout so far. */
    String out() {
        return read("stdout");
    }

    /** Its stderr so far. */
    String err() {
        return read("stderr");
    }

    /** Asserts that it ended with this code, told why without a stack trace, and left no crash report. */
    CourierProcess endedWith(int code) throws InterruptedException {
        assertThat(end()).as("stdout: %s%nstderr: %s", out(), err()).isEqualTo(code);
        assertThat(err()).doesNotContain("\tat ");
        assertThat(folder.toFile().list()).as("no crash report").containsExactlyInAnyOrder("stdout", "stderr", "tmp");
        return this;
    }

    private String read(String file) {
        try {
            return Files.readString(folder.resolve(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        kill();
        FileUtils.deleteDirectory(folder.toFile());
    }
}
