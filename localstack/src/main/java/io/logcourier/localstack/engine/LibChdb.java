package io.logcourier.localstack.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The functions of libchdb's C interface ({@code chdb.h}) that the engine uses, one method each. Pointers stay
 * {@link MemorySegment}s here; {@link Session} and {@link Result} own them.
 *
 * <p>Thread-safe as libchdb is: any number of connections at once, one statement at a time on each.
 */
@SuppressWarnings("restricted") // The JVM is started with --enable-native-access for it.
final class LibChdb {
    private static final MemorySegment NULL = MemorySegment.NULL;
    private static final FunctionDescriptor QUERY = FunctionDescriptor.of(
            ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    private static final FunctionDescriptor POINTER_OF_POINTER = FunctionDescriptor.of(ADDRESS, ADDRESS);
    private static final FunctionDescriptor LONG_OF_POINTER = FunctionDescriptor.of(JAVA_LONG, ADDRESS);
    private static final FunctionDescriptor VOID_OF_POINTER = FunctionDescriptor.ofVoid(ADDRESS);

    private final SymbolLookup symbols;
    private final MethodHandle connect;
    private final MethodHandle closeConnection;
    private final MethodHandle query;
    private final MethodHandle streamQuery;
    private final MethodHandle streamFetch;
    private final MethodHandle streamCancel;
    private final MethodHandle streamInsert;
    private final MethodHandle insertError;
    private final MethodHandle insertAppend;
    private final MethodHandle insertDone;
    private final MethodHandle insertCancel;
    private final MethodHandle insertDestroy;
    private final MethodHandle classify;
    private final MethodHandle resultBuffer;
    private final MethodHandle resultLength;
    private final MethodHandle resultError;
    private final MethodHandle resultRows;
    private final MethodHandle resultRowsRead;
    private final MethodHandle resultBytesRead;
    private final MethodHandle resultRowsWritten;
    private final MethodHandle resultBytesWritten;
    private final MethodHandle resultElapsed;
    private final MethodHandle resultDestroy;

    private LibChdb(SymbolLookup symbols) {
        this.symbols = symbols;
        connect = function("chdb_connect", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
        closeConnection = function("chdb_close_conn", VOID_OF_POINTER);
        query = function("chdb_query_with_params_n", QUERY);
        streamQuery = function("chdb_stream_query_with_params_n", QUERY);
        streamFetch = function("chdb_stream_fetch_result", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        streamCancel = function("chdb_stream_cancel_query", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
        streamInsert = function("chdb_stream_insert_with_params_n", QUERY);
        insertError = function("chdb_stream_insert_error", POINTER_OF_POINTER);
        insertAppend = function("chdb_stream_append", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));
        insertDone = function("chdb_stream_done", POINTER_OF_POINTER);
        insertCancel = function("chdb_stream_cancel_insert", VOID_OF_POINTER);
        insertDestroy = function("chdb_destroy_insert_stream", VOID_OF_POINTER);
        classify = function(
                "chdb_classify_query_n",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS));
        resultBuffer = function("chdb_result_buffer", POINTER_OF_POINTER);
        resultLength = function("chdb_result_length", LONG_OF_POINTER);
        resultError = function("chdb_result_error", POINTER_OF_POINTER);
        // What the interface calls rows read are the rows of the result; those of the storage are read.
        resultRows = function("chdb_result_rows_read", LONG_OF_POINTER);
        resultRowsRead = function("chdb_result_storage_rows_read", LONG_OF_POINTER);
        resultBytesRead = function("chdb_result_storage_bytes_read", LONG_OF_POINTER);
        resultRowsWritten = function("chdb_result_rows_written", LONG_OF_POINTER);
        resultBytesWritten = function("chdb_result_bytes_written", LONG_OF_POINTER);
        resultElapsed = function("chdb_result_elapsed", FunctionDescriptor.of(JAVA_DOUBLE, ADDRESS));
        resultDestroy = function("chdb_destroy_query_result", VOID_OF_POINTER);
    }

    /** Loads the library for the rest of the JVM's life and keeps its signal handlers out of the JVM's way. */
    static LibChdb load(Path file) {
        SymbolLookup symbols = SymbolLookup.libraryLookup(file, Arena.global());
        LibChdb library = new LibChdb(symbols);
        MethodHandle signalHandlers =
                library.function("chdb_set_signal_handlers_enabled", FunctionDescriptor.ofVoid(JAVA_INT));
        try {
            signalHandlers.invokeExact(0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
        return library;
    }

    private MethodHandle function(String name, FunctionDescriptor descriptor) {
        MemorySegment address = symbols.find(name)
                .orElseThrow(() -> new IllegalStateException("libchdb has no function " + name + ": another version?"));
        return Linker.nativeLinker().downcallHandle(address, descriptor);
    }

    /** A new connection, or NULL; libchdb does not say why. */
    MemorySegment connect(List<String> arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argv = arena.allocate(ADDRESS, arguments.size());
            for (int i = 0; i < arguments.size(); i++) {
                argv.setAtIndex(ADDRESS, i, arena.allocateFrom(arguments.get(i)));
            }
            return (MemorySegment) connect.invokeExact(arguments.size(), argv);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    void closeConnection(MemorySegment connection) {
        call(closeConnection, connection);
    }

    /** Runs a statement to its end; the whole result lies in memory. The result holds the error, if any. */
    MemorySegment query(MemorySegment connection, byte[] sql, String format, Map<String, byte[]> parameters) {
        return query(query, connection, sql, format, parameters);
    }

    /** Starts a statement whose result is then fetched piece by piece. */
    MemorySegment streamQuery(MemorySegment connection, byte[] sql, String format, Map<String, byte[]> parameters) {
        return query(streamQuery, connection, sql, format, parameters);
    }

    /** The next piece; an empty one is the end. */
    MemorySegment streamFetch(MemorySegment connection, MemorySegment stream) {
        try {
            return (MemorySegment) streamFetch.invokeExact(handle(connection), stream);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    void streamCancel(MemorySegment connection, MemorySegment stream) {
        try {
            streamCancel.invokeExact(handle(connection), stream);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Starts an INSERT whose data is appended then; {@code sql} ends before its FORMAT clause. */
    MemorySegment streamInsert(MemorySegment connection, byte[] sql, String format, Map<String, byte[]> parameters) {
        return query(streamInsert, connection, sql, format, parameters);
    }

    Optional<String> insertError(MemorySegment stream) {
        return text(pointer(insertError, stream));
    }

    /** Hands data over, waiting while the engine is behind. False means that {@link #insertError} tells why not. */
    boolean insertAppend(MemorySegment stream, MemorySegment data) {
        try {
            return (int) insertAppend.invokeExact(stream, data, data.byteSize()) == 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    MemorySegment insertDone(MemorySegment stream) {
        return pointer(insertDone, stream);
    }

    void insertCancel(MemorySegment stream) {
        call(insertCancel, stream);
    }

    void insertDestroy(MemorySegment stream) {
        call(insertDestroy, stream);
    }

    /** How many statements a text holds, and whether it only reads. */
    record Classification(int statements, boolean readOnly) {}

    /** Parses without running; empty where the text is no valid SQL. */
    Optional<Classification> classify(MemorySegment connection, byte[] sql) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(MemoryLayout.sequenceLayout(4, JAVA_INT));
            answer.setAtIndex(JAVA_INT, 0, (int) answer.byteSize());
            int status = (int) classify.invokeExact(
                    handle(connection), arena.allocateFrom(JAVA_BYTE, sql), (long) sql.length, NULL, 0L, answer);
            int queryClass = answer.getAtIndex(JAVA_INT, 3);
            return status != 0 || queryClass == 4
                    ? Optional.empty()
                    : Optional.of(new Classification(answer.getAtIndex(JAVA_INT, 1), queryClass == 0));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The result's bytes, in the library's memory: valid until {@link #resultDestroy}. */
    MemorySegment resultBytes(MemorySegment result) {
        long length = number(resultLength, result);
        return length == 0 ? NULL : pointer(resultBuffer, result).reinterpret(length);
    }

    Optional<String> resultError(MemorySegment result) {
        return text(pointer(resultError, result));
    }

    Statistics resultStatistics(MemorySegment result) {
        try {
            double seconds = (double) resultElapsed.invokeExact(result);
            return new Statistics(
                    number(resultRowsRead, result),
                    number(resultBytesRead, result),
                    number(resultRowsWritten, result),
                    number(resultBytesWritten, result),
                    number(resultRows, result),
                    (long) (seconds * 1e9));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    void resultDestroy(MemorySegment result) {
        call(resultDestroy, result);
    }

    private static MemorySegment query(
            MethodHandle function,
            MemorySegment connection,
            byte[] sql,
            String format,
            Map<String, byte[]> parameters) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] formatName = format.getBytes(StandardCharsets.UTF_8);
            int count = parameters.size();
            MemorySegment names = arena.allocate(ADDRESS, count);
            MemorySegment nameLengths = arena.allocate(JAVA_LONG, count);
            MemorySegment values = arena.allocate(ADDRESS, count);
            MemorySegment valueLengths = arena.allocate(JAVA_LONG, count);
            int i = 0;
            for (Map.Entry<String, byte[]> parameter : parameters.entrySet()) {
                byte[] name = parameter.getKey().getBytes(StandardCharsets.UTF_8);
                names.setAtIndex(ADDRESS, i, arena.allocateFrom(JAVA_BYTE, name));
                nameLengths.setAtIndex(JAVA_LONG, i, name.length);
                values.setAtIndex(ADDRESS, i, arena.allocateFrom(JAVA_BYTE, parameter.getValue()));
                valueLengths.setAtIndex(JAVA_LONG, i, parameter.getValue().length);
                i++;
            }
            return (MemorySegment) function.invokeExact(
                    handle(connection),
                    arena.allocateFrom(JAVA_BYTE, sql),
                    (long) sql.length,
                    arena.allocateFrom(JAVA_BYTE, formatName),
                    (long) formatName.length,
                    names,
                    nameLengths,
                    values,
                    valueLengths,
                    (long) count);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code chdb_connect} returns a pointer to the handle that all calls but {@code chdb_close_conn} take. */
    private static MemorySegment handle(MemorySegment connection) {
        return connection.reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
    }

    private static Optional<String> text(MemorySegment pointer) {
        if (pointer.equals(NULL)) {
            return Optional.empty();
        }
        MemorySegment text = pointer.reinterpret(Long.MAX_VALUE);
        long length = 0;
        while (text.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        // Decoded here and not by getString, for an error quotes the data, which need not be UTF-8.
        return Optional.of(new String(text.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8));
    }

    private static MemorySegment pointer(MethodHandle function, MemorySegment argument) {
        try {
            return (MemorySegment) function.invokeExact(argument);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static long number(MethodHandle function, MemorySegment argument) {
        try {
            return (long) function.invokeExact(argument);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static void call(MethodHandle function, MemorySegment argument) {
        try {
            function.invokeExact(argument);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** A downcall throws nothing itself: what arrives here is a mistake of ours or an Error of the JVM. */
    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return t instanceof RuntimeException exception ? exception : new IllegalStateException(t);
    }
}
