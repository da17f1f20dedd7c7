package io.logcourier.localstack.cli;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The README's first hour, line by line. A line that starts with a program is a command; those below it, up to the next
 * one, are lines of what it prints. A status is asked for until it prints them.
 */
class FirstHourIT {
    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final String COURIER = "./courier ";
    private static final String CURL = "curl ";

    /** A command, and lines that it prints. */
    private record Step(String command, List<String> printed) {}

    @Test
    void printsWhatTheReadmeShows() throws Exception {
        List<Step> steps = steps();
        assertThat(steps).hasSizeGreaterThan(3);
        assertThat(steps.getFirst().command()).startsWith(COURIER + "up ");
        // Any free ports: another program may have the usual ones.
        String[] up = arguments(steps.getFirst().command() + " --clickhouse-port=0 --s3-port=0 --sqs-port=0");
        try (CourierProcess stack = CourierProcess.start(up)) {
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> stack.out().contains("SECRET_ACCESS_KEY=") || !stack.isAlive());
            Map<String, String> variables = stack.out()
                    .lines()
                    .filter(line -> line.startsWith("export "))
                    .map(line -> line.substring("export ".length()).split("=", 2))
                    .collect(toMap(pair -> pair[0], pair -> pair[1]));
            for (Step step : steps.subList(1, steps.size())) {
                if (step.command().startsWith(COURIER + "status")) {
                    await().atMost(CourierProcess.PATIENCE)
                            .untilAsserted(() ->
                                    assertThat(run(step.command(), variables)).containsAll(step.printed()));
                } else if (step.command().startsWith(COURIER + "audit")) {
                    // How many objects there are depends on which rows the scheduler finds together.
                    assertThat(withoutNumbers(run(step.command(), variables)))
                            .as(step.command())
                            .containsAll(withoutNumbers(step.printed()));
                } else {
                    assertThat(run(step.command(), variables))
                            .as(step.command())
                            .containsAll(step.printed());
                }
            }
            stack.signal("INT");
            stack.endedWith(0);
        }
    }

    private static List<Step> steps() throws IOException {
        String section = Files.readString(ROOT.resolve("README.md"))
                .replaceFirst("(?s).*\n## A first hour[^\n]*\n", "")
                .replaceFirst("(?s)\n## .*", "");
        List<Step> steps = new ArrayList<>();
        section.lines()
                .filter(line -> line.startsWith("    "))
                .map(String::strip)
                .forEach(line -> {
                    if (line.startsWith(COURIER) || line.startsWith(CURL)) {
                        steps.add(new Step(line.replaceFirst(" +# .*", ""), new ArrayList<>()));
                    } else {
                        steps.getLast().printed().add(line);
                    }
                });
        return steps;
    }

    private static List<String> withoutNumbers(List<String> lines) {
        return lines.stream().map(line -> line.replaceAll("[0-9]+", "N")).toList();
    }

    /** The lines that a command prints which must succeed. */
    private static List<String> run(String command, Map<String, String> variables) throws Exception {
        if (command.startsWith(CURL)) {
            ProcessBuilder builder = new ProcessBuilder(
                            "bash", "-c", command + " --silent --show-error --fail-with-body")
                    .directory(ROOT.toFile())
                    .redirectErrorStream(true);
            builder.environment().putAll(variables);
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            return output.lines().toList();
        }
        try (CourierProcess courier = CourierProcess.run(variables, arguments(command))) {
            return courier.endedWith(0).out().replace(ROOT + "/", "").lines().toList();
        }
    }

    /** What follows {@code ./courier}; files of the project are found from anywhere. */
    private static String[] arguments(String command) {
        return Stream.of(command.substring(COURIER.length()).split(" +"))
                .map(word -> Files.isRegularFile(ROOT.resolve(word))
                        ? ROOT.resolve(word).toString()
                        : word)
                .toArray(String[]::new);
    }
}
