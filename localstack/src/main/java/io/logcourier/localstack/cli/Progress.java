package io.logcourier.localstack.cli;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr; nothing where stdout is no terminal. */
final class Progress implements AutoCloseable {
    private static final int REFRESH_MILLIS = 200;

    /** JDK 25 has no console where it is not interactive, JDK 22 to 24 have one that is no terminal. */
    @SuppressWarnings("SystemConsoleNull")
    private static final boolean TERMINAL =
            System.console() != null && System.console().isTerminal();

    private final ProgressBar bar;

    private Progress(ProgressBar bar) {
        this.bar = bar;
    }

    /** A bar that is full at {@code maximum}; below 0 the end is unknown. */
    static Progress of(String task, String unit, long maximum) {
        if (!TERMINAL) {
            return new Progress(null);
        }
        return new Progress(new ProgressBarBuilder()
                .setTaskName(task)
                .setUnit(unit, 1)
                .setInitialMax(maximum)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .showSpeed()
                .build());
    }

    void at(long done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    void by(long more) {
        if (bar != null) {
            bar.stepBy(more);
        }
    }

    void maximum(long maximum) {
        if (bar != null) {
            bar.maxHint(maximum);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /** For people: 1.3 s, 2 m 5 s. */
    static String text(Duration duration) {
        return duration.compareTo(Duration.ofMinutes(1)) < 0
                ? "%.1f s".formatted(duration.toMillis() / 1e3)
                : "%d m %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
    }
}
