package io.logcourier.operations;

import io.logcourier.logging.Plain;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.wrapped.ProgressBarWrappedInputStream;

/** A progress bar on stderr; nothing where stderr is no terminal. Thread-safe. */
public final class Progress implements AutoCloseable {
    private static final int REFRESH_MILLIS = 200;

    private final ProgressBar bar;

    private Progress(ProgressBar bar) {
        this.bar = bar;
    }

    /** A bar that is full at {@code maximum}; below 0 the end is unknown. */
    public static Progress of(String task, String unit, long maximum) {
        if (!Terminal.STDERR.isWatched()) {
            return new Progress(null);
        }
        return new Progress(new ProgressBarBuilder()
                .setTaskName(Plain.value(task))
                .setUnit(unit, 1)
                .setInitialMax(maximum)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .showSpeed()
                .build());
    }

    /** A bar that is full when a file was read through {@link #over}. */
    public static Progress of(String task, Path file) throws IOException {
        return of(task, " bytes", Files.size(file));
    }

    /** The same bytes; the bar shows how many were read. */
    InputStream over(InputStream bytes) {
        return bar == null ? bytes : new ProgressBarWrappedInputStream(bytes, bar);
    }

    /** So much is done. */
    public void at(long done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    /** So much more is done. */
    public void by(long more) {
        if (bar != null) {
            bar.stepBy(more);
        }
    }

    /** Shown behind the bar. */
    public void say(String text) {
        if (bar != null) {
            bar.setExtraMessage(Plain.value(text));
        }
    }

    /** Where the bar is full. */
    public void maximum(long maximum) {
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
}
