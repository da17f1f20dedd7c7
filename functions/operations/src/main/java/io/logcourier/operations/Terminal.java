package io.logcourier.operations;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where this process's output goes. */
public enum Terminal {
    STDOUT(1),
    STDERR(2);

    /** Of a terminal that does not say, and of what is no terminal. */
    private static final Size USUAL = new Size(24, 80);

    private static final String HOME = "\033[H";
    private static final String REST_OF_LINE_EMPTY = "\033[K";
    private static final String REST_OF_SCREEN_EMPTY = "\033[J";

    private final int descriptor;

    Terminal(int descriptor) {
        this.descriptor = descriptor;
    }

    /** In characters. */
    public record Size(int lines, int columns) {
        /** What {@code stty size} said; empty where that is nothing, or 0, which stands for unknown. */
        static Optional<Size> of(String answer) {
            String[] numbers = answer.strip().split(" ", -1);
            if (numbers.length != 2
                    || !numbers[0].matches("[1-9][0-9]{0,4}")
                    || !numbers[1].matches("[1-9][0-9]{0,4}")) {
                return Optional.empty();
            }
            return Optional.of(new Size(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])));
        }
    }

    /**
     * A frame that takes the place of the one before: nothing of that one remains, and the screen is never empty between
     * them. All else that is printed has no such sequences ({@link io.logcourier.logging.Plain}).
     */
    static String inPlace(String frame) {
        return HOME
                + frame.lines()
                        .map(line -> line + REST_OF_LINE_EMPTY + System.lineSeparator())
                        .collect(Collectors.joining())
                + REST_OF_SCREEN_EMPTY;
    }

    /** Shows a frame at the place of the one before. */
    @SuppressWarnings("SystemOut")
    static void show(String frame) {
        System.out.print(inPlace(frame));
        System.out.flush();
    }

    /** Whether a person watches it. {@link System#console} does not tell stdout from stderr. */
    public boolean isWatched() {
        return run(new ProcessBuilder("test", "-t", Integer.toString(descriptor)).inheritIO())
                .isPresent();
    }

    /** How large it is; 24 lines of 80 characters where it is no terminal. */
    public Size size() {
        if (!isWatched()) {
            return USUAL;
        }
        return run(new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")))
                .flatMap(Size::of)
                .orElse(USUAL);
    }

    /** Whether colours help: a person watches it, whose terminal has some and who has not refused them. */
    public boolean wantsColour() {
        return allowsColour(System.getenv()) && isWatched();
    }

    /** As <a href="https://no-color.org">NO_COLOR</a> and TERM have it. */
    static boolean allowsColour(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /** What a program says that succeeds; empty where it fails or is not there. */
    private static Optional<String> run(ProcessBuilder program) {
        try {
            Process process = program.start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return process.waitFor() == 0 ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            // No such program, or no terminal to ask.
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
