package io.logcourier.localstack.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM, with options if given, that opens a data folder, serves it, says where, and stays until it is told to stop. */
public final class EngineProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private URI uri;

    EngineProcess(Path folder, Path workingDirectory, String... options) throws IOException {
        this(List.of(), List.of(options), folder, workingDirectory, 0);
    }

    /**
     * One that serves on a port, 0 for any free one.
     *
     * @param before a command that the JVM's is appended to
     */
    public EngineProcess(List<String> before, Path folder, Path workingDirectory, int port) throws IOException {
        this(before, List.of(), folder, workingDirectory, port);
    }

    private EngineProcess(List<String> before, List<String> options, Path folder, Path workingDirectory, int port)
            throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                EngineProcess.class.getName(),
                folder.toString(),
                Integer.toString(port)));
        process = new ProcessBuilder(command)
                .directory(workingDirectory.toFile())
                .redirectErrorStream(true)
                .start();
        output = process.inputReader();
    }

    /** Where it serves, once it does. */
    public URI uri() throws IOException {
        if (uri == null) {
            uri = URI.create(output.readLine());
        }
        return uri;
    }

    /** Everything it has still to say. */
    public String output() throws IOException {
        return output.readAllAsString();
    }

    /** Sends SIGTERM; unlike {@link Process#destroy}, leaves its output readable. */
    void terminate() {
        process.toHandle().destroy();
    }

    Process process() {
        return process;
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** SIGKILL, and its end. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** What a program that embeds the engine does: both are closed by a shutdown hook, the front first. */
    @SuppressWarnings("SystemOut") // Standard output is how the parent hears of it.
    public static void main(String[] arguments) throws InterruptedException {
        Engine engine = Engine.open(Path.of(arguments[0]));
        ClickHouseFront front = ClickHouseFront.start(engine, Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            front.close();
            engine.close();
            System.out.println("closed");
        }));
        System.out.println(front.uri());
        Thread.sleep(Long.MAX_VALUE);
    }
}
