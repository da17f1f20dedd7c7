package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The README's first hour: the blocks of commands as they stand, and a block of lines that they print, in this order. A
 * status is asked for until it prints the next one of them.
 */
class FirstHourIT {
    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final String COURIER = "./courier ";
    private static final String SOURCE = ". ";
    /** So many words of a log line are the fields up to the key. */
    private static final int KEY = 9;

    private static final String DATA = "first-hour";
    private static final Pattern BLOCK = Pattern.compile("(?:(?<=\n\n) {4}[^\n]*\n)(?: {4}[^\n]*\n)*");

    @TempDir
    private Path folder;

    @Test
    void printsWhatTheReadmeShows() throws Exception {
        List<List<String>> blocks = blocks();
        assertThat(blocks).hasSize(3);
        assertThat(blocks.get(0)).hasSize(1);
        List<String> expected = new ArrayList<>(blocks.get(2));
        assertThat(expected).hasSizeGreaterThan(3);
        // Any free ports: another program may have the usual ones.
        String[] up = arguments(blocks.get(0).getFirst() + " --clickhouse-port=0 --s3-port=0 --sqs-port=0");
        try (CourierProcess stack = CourierProcess.start(up)) {
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> stack.out().contains("SECRET_ACCESS_KEY=") || !stack.isAlive());
            Map<String, String> variables = new HashMap<>();
            for (String command : blocks.get(1)) {
                if (command.startsWith(SOURCE)) {
                    variables.putAll(sourced(command));
                    // It is what a person without it pastes.
                    assertThat(stack.out())
                            .contains(variables.entrySet().stream()
                                    .map(one -> "export " + one.getKey() + "=" + one.getValue())
                                    .toList());
                } else if (command.startsWith(COURIER + "status")) {
                    String sums = expected.removeFirst();
                    await().atMost(CourierProcess.PATIENCE).untilAsserted(() -> assertThat(run(command, variables))
                            .contains(sums));
                } else {
                    for (String line : run(command, variables)) {
                        if (!expected.isEmpty() && shows(expected.getFirst(), command, line)) {
                            expected.removeFirst();
                        }
                    }
                }
            }
            assertThat(expected).as("shown, and not printed").isEmpty();
            stack.signal("INT");
            stack.endedWith(0);
        }
    }

    /** What a shell is to be given as it stands: no prompt, no remark, nothing that a command prints. */
    @Test
    void theCommandsCanBePastedAsTheyStand() throws Exception {
        for (String command : Stream.concat(blocks().get(0).stream(), blocks().get(1).stream())
                .toList()) {
            assertThat(command).matches("(\\./courier|\\.|curl|head|cat) .*").doesNotContain("#", "...");
            assertThat(new ProcessBuilder("bash", "-n", "-c", command).start().waitFor())
                    .as(command)
                    .isZero();
        }
    }

    private static List<List<String>> blocks() throws IOException {
        String section = Files.readString(ROOT.resolve("README.md"))
                .replaceFirst("(?s).*\n## A first hour[^\n]*\n", "")
                .replaceFirst("(?s)\n## .*", "\n");
        List<List<String>> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(section);
        while (block.find()) {
            blocks.add(block.group().lines().map(String::strip).toList());
        }
        return blocks;
    }

    /** Of a verdict all but the number of objects, which depends on which rows the scheduler finds together. */
    private static boolean shows(String expected, String command, String line) {
        if (command.startsWith("cat ")) {
            return fields(line).equals(fields(expected));
        }
        return command.startsWith(COURIER + "audit")
                ? withoutNumbers(line).equals(withoutNumbers(expected))
                : line.equals(expected);
    }

    /** The first fields of a log line, from the owner to the key: RenderingIT has all. */
    private static List<String> fields(String line) {
        return List.of(line.split(" ")).subList(0, KEY);
    }

    private static String withoutNumbers(String line) {
        return line.replaceAll("[0-9]+", "N");
    }

    private Map<String, String> sourced(String command) throws IOException {
        Map<String, String> variables = new HashMap<>();
        Files.readAllLines(Path.of(here(command.substring(SOURCE.length())))).forEach(line -> {
            String[] pair = line.replaceFirst("^export ", "").split("=", 2);
            variables.put(pair[0], pair[1]);
        });
        return variables;
    }

    /** The lines that a command prints which must succeed. */
    private List<String> run(String command, Map<String, String> variables) throws Exception {
        if (command.startsWith(COURIER)) {
            try (CourierProcess courier = CourierProcess.run(variables, arguments(command))) {
                return courier.endedWith(0)
                        .out()
                        .replace(ROOT + "/", "")
                        .lines()
                        .toList();
            }
        }
        String quiet = command.startsWith("curl ") ? command + " --silent --show-error --fail-with-body" : command;
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", here(quiet))
                .directory(ROOT.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(variables);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().toList();
    }

    /** What follows {@code ./courier}; files of the project are found from anywhere. */
    private String[] arguments(String command) {
        return Stream.of(here(command.substring(COURIER.length())).split(" +"))
                .map(word -> Files.isRegularFile(ROOT.resolve(word))
                        ? ROOT.resolve(word).toString()
                        : word)
                .toArray(String[]::new);
    }

    /** With the folder of the first hour where this test may write. */
    private String here(String command) {
        return command.replace(DATA, folder.resolve(DATA).toString());
    }
}
