package io.logcourier.localstack.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM, with options if given, that opens a data folder, serves it, says where, and stays until it is told to stop. */
final class EngineProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    EngineProcess(Path folder, Path workingDirectory, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-cp", System.getProperty("java.class.path"), EngineProcess.class.getName(), folder.toString()));
        process = new ProcessBuilder(command)
                .directory(workingDirectory.toFile())
                .redirectErrorStream(true)
                .start();
        output = process.inputReader();
    }

    /** Where it serves, once it does. */
    URI uri() throws IOException {
        return URI.create(output.readLine());
    }

    /** Everything it has still to say. */
    String output() throws IOException {
        return output.readAllAsString();
    }

    /** Sends SIGTERM; unlike {@link Process#destroy}, leaves its output readable. */
    void terminate() {
        process.toHandle().destroy();
    }

    Process process() {
        return process;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** What a program that embeds the engine does: both are closed by a shutdown hook, the front first. */
    @SuppressWarnings("SystemOut") // Standard output is how the parent hears of it.
    public static void main(String[] arguments) throws InterruptedException {
        Engine engine = Engine.open(Path.of(arguments[0]));
        ClickHouseFront front = ClickHouseFront.start(engine, 0);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            front.close();
            engine.close();
            System.out.println("closed");
        }));
        System.out.println(front.uri());
        Thread.sleep(Long.MAX_VALUE);
    }
}
