package io.logcourier.localstack.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One connection to the engine, with settings and a current database of its own; one statement at a time. Used by one
 * thread, except that the engine may {@link #tryClose close} it from another when it shuts down: then whatever the owner
 * tries next fails as a cancelled query does.
 */
final class Session implements AutoCloseable {
    private final LibChdb library;
    private final MemorySegment connection;
    private final Consumer<Session> onClose;
    private final ReentrantLock lock = new ReentrantLock();
    private Runnable abandonStatement = () -> {};
    private boolean closed;

    Session(LibChdb library, MemorySegment connection, Consumer<Session> onClose) {
        this.library = library;
        this.connection = connection;
        this.onClose = onClose;
    }

    /** Runs one statement to its end. */
    Result query(byte[] sql, String format, Map<String, byte[]> parameters) {
        return locked(() -> Result.of(library, library.query(connection, sql, format, parameters)));
    }

    /** Starts one statement whose result comes in pieces, so that it need not fit into memory. */
    Rows stream(byte[] sql, String format, Map<String, byte[]> parameters) {
        return locked(() -> {
            MemorySegment stream = library.streamQuery(connection, sql, format, parameters);
            Result.of(library, stream);
            return new Rows(stream);
        });
    }

    /** Starts an INSERT, given without its FORMAT clause, whose data follows. */
    Insert insert(byte[] sql, String format, Map<String, byte[]> parameters) {
        return locked(() -> {
            MemorySegment stream = library.streamInsert(connection, sql, format, parameters);
            library.insertError(stream).ifPresent(message -> {
                library.insertDestroy(stream);
                throw EngineException.of(message);
            });
            return new Insert(stream);
        });
    }

    /** Parses without running: how many statements, and whether they only read. Text that does not parse is none. */
    LibChdb.Classification classify(byte[] sql) {
        return locked(() -> library.classify(connection, sql).orElse(new LibChdb.Classification(0, false)));
    }

    /** Abandons what is under way, without committing it, and disconnects. */
    @Override
    public void close() {
        lock.lock();
        try {
            disconnect();
        } finally {
            lock.unlock();
        }
    }

    /** Closes unless a statement is running at this moment. */
    boolean tryClose() {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            disconnect();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void disconnect() {
        if (!closed) {
            closed = true;
            abandonStatement.run();
            library.closeConnection(connection);
            onClose.accept(this);
        }
    }

    private <T> T locked(Supplier<T> call) {
        lock.lock();
        try {
            if (closed) {
                throw EngineException.of(
                        EngineException.QUERY_WAS_CANCELLED, "QUERY_WAS_CANCELLED", "The engine has been closed");
            }
            return call.get();
        } finally {
            lock.unlock();
        }
    }

    /** A statement under way: closing it before its end abandons it, whoever does it first. */
    private abstract class Running implements AutoCloseable {
        final MemorySegment stream;
        private boolean done;

        private Running(MemorySegment stream) {
            this.stream = stream;
            abandonStatement = this::abandon;
        }

        @Override
        public final void close() {
            lock.lock();
            try {
                abandon();
            } finally {
                lock.unlock();
            }
        }

        private void abandon() {
            if (!done) {
                done = true;
                abandonStatement = () -> {};
                release();
            }
        }

        /** Cancels what has not come to its end, and frees the stream. */
        abstract void release();
    }

    /** A result in pieces. Closing it before its end cancels the query. */
    final class Rows extends Running {
        private Rows(MemorySegment stream) {
            super(stream);
        }

        /** The next piece, for the caller to close. An empty one is the end. */
        Result next() {
            return locked(() -> Result.of(library, library.streamFetch(connection, stream)));
        }

        @Override
        void release() {
            library.streamCancel(connection, stream);
            library.resultDestroy(stream);
        }
    }

    /**
     * An INSERT under way. Only {@link #commit} stores its last block; closing without it cancels. Of a large INSERT, full
     * blocks are stored as they come and stay, as in ClickHouse.
     */
    final class Insert extends Running {
        private boolean committed;

        private Insert(MemorySegment stream) {
            super(stream);
        }

        /** Hands over data, cut anywhere; waits while the engine is behind. */
        void append(byte[] data, int length) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment copy = arena.allocate(length);
                MemorySegment.copy(data, 0, copy, ValueLayout.JAVA_BYTE, 0, length);
                locked(() -> {
                    if (!library.insertAppend(stream, copy)) {
                        throw EngineException.of(library.insertError(stream).orElse("The engine refused the data"));
                    }
                    return null;
                });
            }
        }

        /** Ends the data, waits until all of it is stored, and tells how much that was. */
        Statistics commit() {
            return locked(() -> {
                committed = true;
                try (Result result = Result.of(library, library.insertDone(stream))) {
                    return result.statistics();
                }
            });
        }

        @Override
        void release() {
            if (!committed) {
                library.insertCancel(stream);
            }
            library.insertDestroy(stream);
        }
    }
}
