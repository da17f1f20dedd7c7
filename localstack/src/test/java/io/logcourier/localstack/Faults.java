package io.logcourier.localstack;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Makes the n-th call through the ports that share it fail, once. Thread-safe. */
public final class Faults {
    /** How a call fails, and which calls that makes a difference for: only these count. */
    public enum Kind {
        /** Any call; it has no effect. */
        REQUEST_LOST,
        /** A call for its effect; it has it, and the caller does not learn of it. */
        ANSWER_LOST,
        /** A call for its answer; half of it comes. */
        ANSWER_BROKEN
    }

    private final Kind kind;
    private final int at;
    private final AtomicInteger calls = new AtomicInteger();

    /** Fails the call number {@code at}, counted from 1. */
    public Faults(Kind kind, int at) {
        this.kind = kind;
        this.at = at;
    }

    /** Whether the call came that failed. */
    public boolean struck() {
        return calls.get() >= at;
    }

    /** A call through a port, for its effect. */
    public <T> T call(Supplier<T> call) {
        if (kind == Kind.ANSWER_BROKEN || calls.incrementAndGet() != at) {
            return call.get();
        }
        if (kind == Kind.ANSWER_LOST) {
            T _ = call.get();
        }
        throw failure();
    }

    /** A call through a port, for its effect, that returns nothing. */
    public void run(Runnable call) {
        call(() -> {
            call.run();
            return true;
        });
    }

    /** The same server with faults; closing it leaves {@code real} open. */
    public ClickHouse on(ClickHouse real) {
        return new ClickHouse() {
            @Override
            public InputStream query(Statement statement, String format) {
                if (kind == Kind.ANSWER_LOST || calls.incrementAndGet() != at) {
                    return real.query(statement, format);
                }
                if (kind == Kind.REQUEST_LOST) {
                    throw failure();
                }
                byte[] whole = real.read(statement, format);
                return new SequenceInputStream(
                        new ByteArrayInputStream(Arrays.copyOf(whole, whole.length / 2)), new Broken());
            }

            @Override
            public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
                run(() -> real.insert(table, format, rows, settings));
            }

            @Override
            public void close() {}
        };
    }

    private static RetryableException failure() {
        return new RetryableException("failed on purpose");
    }

    private static final class Broken extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("broken off on purpose");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return read();
        }
    }
}
