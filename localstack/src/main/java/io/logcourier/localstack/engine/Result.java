package io.logcourier.localstack.engine;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The outcome of a statement, or a piece of it, in the engine's memory until closed. It outlives its session. */
final class Result implements AutoCloseable {
    private static final int COPY_SIZE = 1 << 16;

    private final LibChdb library;
    private final MemorySegment pointer;

    private Result(LibChdb library, MemorySegment pointer) {
        this.library = library;
        this.pointer = pointer;
    }

    /** Takes the pointer over; where it holds an error, frees it and throws. */
    static Result of(LibChdb library, MemorySegment pointer) {
        Result result = new Result(library, pointer);
        library.resultError(pointer).ifPresent(message -> {
            result.close();
            throw EngineException.of(message);
        });
        return result;
    }

    MemorySegment bytes() {
        return library.resultBytes(pointer);
    }

    Statistics statistics() {
        return library.resultStatistics(pointer);
    }

    /** Writes the bytes from an offset on. */
    void writeTo(OutputStream out, long from) throws IOException {
        MemorySegment bytes = bytes();
        byte[] copy = new byte[(int) Math.min(COPY_SIZE, bytes.byteSize())];
        for (long offset = from; offset < bytes.byteSize(); offset += copy.length) {
            int length = (int) Math.min(copy.length, bytes.byteSize() - offset);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offset, copy, 0, length);
            out.write(copy, 0, length);
        }
    }

    @Override
    public void close() {
        library.resultDestroy(pointer);
    }
}
