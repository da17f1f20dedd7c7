package io.logcourier.localstack.lambda;

import com.amazonaws.services.lambda.runtime.api.client.AWSLambda;
import io.logcourier.localstack.lambda.RuntimeApi.Answer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * A function as Lambda runs it: its zip unpacked, AWS's runtime interface client in a JVM of its own, the runtime API on
 * a socket. No class of this JVM is in reach of it.
 */
public final class DeployedFunction implements AutoCloseable {
    /** For a start; and for an invocation of a function without a timeout of its own. */
    public static final Duration PATIENCE = Duration.ofMinutes(2);

    private final RuntimeApi api;
    private final Process process;
    private final Path output;
    private final long started = System.nanoTime();

    /**
     * Starts it.
     *
     * @param zip what is deployed
     * @param handler the class that is named as its handler
     * @param folder an empty one, for its code and output
     * @param environment its variables, credentials and all; nothing is inherited
     * @param timeout of an invocation
     */
    public DeployedFunction(
            String name, Path zip, String handler, Path folder, Map<String, String> environment, Duration timeout)
            throws IOException {
        Path task = Files.createDirectories(folder.resolve("task"));
        unpack(zip, task);
        output = folder.resolve("output");
        api = new RuntimeApi(timeout);
        List<String> classPath = new ArrayList<>(List.of(task.toString(), task.resolve("lib") + "/*"));
        classPath.addAll(runtime());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        // As arguments, which count as they do on Lambda; the JVM would write a line about the variable, and ignore it.
        Map<String, String> variables = new HashMap<>(environment);
        String options = variables.remove("JAVA_TOOL_OPTIONS");
        if (options != null) {
            command.addAll(List.of(options.split(" ")));
        }
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), AWSLambda.class.getName(), handler));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(variables);
        builder.environment().put("AWS_LAMBDA_RUNTIME_API", api.address());
        builder.environment().put("AWS_LAMBDA_FUNCTION_NAME", name);
        builder.environment().put("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
        builder.environment().put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024");
        builder.environment().put("AWS_LAMBDA_LOG_FORMAT", "JSON");
        builder.environment().put("LAMBDA_TASK_ROOT", task.toString());
        builder.environment().put("_HANDLER", handler);
        builder.environment().put("TZ", ":UTC");
        process = builder.directory(task.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    /** Waits until it asks for its first event, or has said why it cannot. */
    public Answer initialized() {
        CompletableFuture<Answer> ended = process.onExit().thenApply(gone -> {
            throw new IllegalStateException("it ended, having said: " + output());
        });
        return api.initialized()
                .applyToEither(ended, Function.identity())
                .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    /** Time since its JVM was started. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - started);
    }

    /** Hands it an event, and waits for its answer. Where none comes in time, it is stopped, and that is the answer. */
    public Answer invoke(String event) {
        try {
            return api.invoke(event);
        } catch (TimeoutException e) {
            process.destroyForcibly().onExit().join();
            return new Answer(
                    true, "{\"errorType\": \"Sandbox.Timedout\", \"errorMessage\": \"%s\"}".formatted(e.getMessage()));
        }
    }

    /** What it has written to standard output and error. */
    public String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the output of a function", e);
        }
    }

    /** The CPU time that it has used. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        api.close();
    }

    /** The jars of the runtime interface client: what Lambda's own image has, and the zips need not bring. */
    private static List<String> runtime() {
        return Stream.of(
                        "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
                        "com.amazonaws.services.lambda.runtime.serialization.PojoSerializer",
                        "com.amazonaws.services.lambda.runtime.Context",
                        "software.amazon.awssdk.utilslite.SdkInternalThreadLocal")
                .map(DeployedFunction::jar)
                .toList();
    }

    private static String jar(String type) {
        try {
            return Path.of(Class.forName(type)
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (ClassNotFoundException | URISyntaxException e) {
            throw new IllegalStateException("no jar holds " + type, e);
        }
    }

    private static void unpack(Path zip, Path folder) throws IOException {
        try (InputStream bytes = Files.newInputStream(zip);
                ZipInputStream entries = new ZipInputStream(bytes)) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(file.getParent());
                    Files.copy(entries, file);
                }
            }
        }
    }
}
