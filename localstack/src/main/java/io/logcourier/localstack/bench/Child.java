package io.logcourier.localstack.bench;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A JVM of its own that answers each line on its stdin by a line of JSON on its stdout, the first one unasked, and ends
 * with the process that started it: so none is left behind, however the bench ends.
 */
final class Child implements AutoCloseable {
    private static final int LAST_LINES = 20;
    private static final int KIBIBYTE = 1 << 10;

    private final String name;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter questions;

    private Child(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.questions = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    /**
     * Starts a {@code main} of this class path, to which a folder of its name is added.
     *
     * @param folder for what it logs; where the folder of its name is, if there is one
     * @param environment more variables than this process has
     */
    static Child start(
            Class<?> main, List<String> options, Map<String, String> environment, Path folder, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        String classPath =
                System.getProperty("java.class.path") + File.pathSeparator + folder.resolve(main.getSimpleName());
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        Path log = folder.resolve(main.getSimpleName() + ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().putAll(environment);
        return new Child(main.getSimpleName(), log, builder.start());
    }

    /** The child's side: says {@code ready}, then answers questions until there are none. */
    static void serve(Object ready, Function<String, Object> answer) throws IOException {
        // In the middle of an answer nobody looks at stdin.
        CompletableFuture<?> unused =
                ProcessHandle.current().parent().orElseThrow().onExit().thenRun(() -> System.exit(1));
        System.out.println(ClickHouse.JSON.writeValueAsString(ready));
        try (BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String question = questions.readLine(); question != null; question = questions.readLine()) {
                System.out.println(ClickHouse.JSON.writeValueAsString(answer.apply(question)));
            }
        }
    }

    /** What it says when it is ready. */
    <T> T ready(Class<T> type) throws IOException {
        String line = answers.readLine();
        if (line == null) {
            List<String> lines = Files.readAllLines(log);
            throw new RetryableException(name + " ended: "
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
        }
        return ClickHouse.JSON.readValue(line, type);
    }

    /** Asks and waits for the answer. */
    <T> T ask(String question, Class<T> type) throws IOException {
        questions.println(question);
        return ready(type);
    }

    /** CPU time so far. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** The most memory it had resident since {@link #resetPeak}, in bytes; 0 where there is no /proc (not Linux). */
    long peak() throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE)
                .findFirst()
                .orElse(0);
    }

    /** Forgets the peak, where the system can. */
    void resetPeak() throws IOException {
        Path references = Path.of("/proc", Long.toString(process.pid()), "clear_refs");
        if (Files.isWritable(references)) {
            Files.writeString(references, "5");
        }
    }

    /** Kills it: what it holds is worth nothing, and libchdb needs seconds to end. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
