package io.logcourier.operations;

import java.io.IOException;

/** Where this process's output goes. */
enum Terminal {
    STDOUT(1),
    STDERR(2);

    private static final String CLEAR_SCREEN = "\033[H\033[J";

    private final int descriptor;

    Terminal(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Empties the screen. All else that is printed has no such sequence ({@link io.logcourier.logging.Plain}). */
    @SuppressWarnings("SystemOut")
    static void clear() {
        System.out.print(CLEAR_SCREEN);
        System.out.flush();
    }

    /** Whether a person watches it. {@link System#console} does not tell stdout from stderr. */
    boolean isWatched() {
        try {
            return new ProcessBuilder("test", "-t", Integer.toString(descriptor))
                            .inheritIO()
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            // No such program: no terminal that we know of.
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
