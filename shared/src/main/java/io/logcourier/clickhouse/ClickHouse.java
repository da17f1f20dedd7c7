package io.logcourier.clickhouse;

import com.clickhouse.client.api.ServerException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * A ClickHouse server, reached over HTTP. Thread-safe. A failure is a {@link RetryableException}, or a
 * {@link io.logcourier.ConfigurationException} where no retry can help (no such table, no access); the message holds
 * ClickHouse's own error code and text.
 */
public interface ClickHouse extends AutoCloseable {
    /** Rows as JSON: column names in snake case, integers as numbers, times in ISO 8601 with a Z. */
    JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            // A column that a statement forgot must not read as zero.
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .build();

    /**
     * Runs a statement and returns its result, unread, in {@code format}. The caller closes the stream; closing it early
     * abandons the rest. A result that ClickHouse could not finish ends in an {@link IOException} or in bytes that are
     * no rows, so what matters must be counted.
     */
    InputStream query(Statement statement, String format);

    /**
     * Inserts rows into a table as one INSERT.
     *
     * @param table database and table, joined by a dot
     * @param rows the rows in {@code format}
     * @param settings settings of the INSERT, such as {@code insert_deduplication_token}
     */
    void insert(String table, String format, byte[] rows, Map<String, String> settings);

    /** As {@link #insert(String, String, byte[], Map)}, of rows that may be too many for memory. */
    default void insert(String table, String format, Rows rows, Map<String, String> settings) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            rows.writeTo(all);
        } catch (IOException e) {
            throw new RetryableException("the rows for " + table + " cannot be read again: " + e.getMessage(), e);
        }
        insert(table, format, all.toByteArray(), settings);
    }

    /** The rows of an INSERT, which need not fit memory. */
    @FunctionalInterface
    interface Rows {
        /** Writes all of them, each time anew: an INSERT may be sent again. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** Runs a statement for its effect. */
    default void execute(Statement statement) {
        read(statement.setting(Statement.READ_ONLY, "0"), "TabSeparated");
    }

    /** Runs a statement and returns its whole result in {@code format}. */
    default byte[] read(Statement statement, String format) {
        try (InputStream result = query(statement, format)) {
            return result.readAllBytes();
        } catch (IOException e) {
            throw new RetryableException("ClickHouse broke off a result: " + e.getMessage(), e);
        }
    }

    /**
     * Runs a statement and returns its rows, each read as a {@code type} whose components are named as the columns. They
     * come as one JSON document, not as a line each: a list that was cut short must not look like a shorter list, and a
     * proxy that speaks HTTP/1.0 to a server ends a broken answer as if it were whole.
     */
    default <T> List<T> list(Statement statement, Class<T> type) {
        List<T> rows = new ArrayList<>();
        each(statement, type, rows::add);
        return rows;
    }

    /**
     * As {@link #list}, but hands the rows over one by one, so that all need not fit memory. Where it throws, {@code each} has
     * seen some of them.
     */
    default <T> void each(Statement statement, Class<T> type, Consumer<T> each) {
        Statement typed = statement
                .setting("http_write_exception_in_output_format", "0")
                .setting("output_format_json_quote_64bit_integers", "0")
                .setting("output_format_json_named_tuples_as_objects", "1")
                .setting("date_time_output_format", "iso");
        try (InputStream result = query(typed, "JSON");
                JsonParser document = JSON.createParser(result)) {
            ObjectReader reader = JSON.readerFor(type).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
            boolean isThere = false;
            document.nextToken();
            while (document.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isData = document.currentName().equals("data");
                isThere |= isData;
                document.nextToken();
                if (!isData) {
                    document.skipChildren();
                    continue;
                }
                while (document.nextToken() != JsonToken.END_ARRAY) {
                    each.accept(reader.readValue(document));
                }
            }
            if (!isThere || document.currentToken() != JsonToken.END_OBJECT || document.nextToken() != null) {
                throw new IOException("it is no whole document with rows");
            }
        } catch (JacksonException | IOException e) {
            throw new RetryableException(
                    "ClickHouse's answer is no list of " + type.getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    /** The only row of a statement that returns at most one. */
    default <T> Optional<T> one(Statement statement, Class<T> type) {
        List<T> rows = list(statement, type);
        if (rows.size() > 1) {
            throw new IllegalStateException("one row expected, " + rows.size() + " came: " + statement.sql());
        }
        return rows.stream().findFirst();
    }

    /**
     * Picks a replica that answers; all statements go there until the next call. Call it before each tick or message:
     * replicas may not know the same. Threads that share this client switch too. Begins with the one asked last; without a
     * call, the first statement picks. Does nothing with one replica.
     *
     * @throws RetryableException if none answers
     */
    default void reach() {}

    /** Closes idle connections; running statements fail. */
    @Override
    void close();

    /**
     * A client that has not asked the server anything yet. The password is asked for at once, where it is a secret, of
     * Secrets Manager.
     *
     * @param endpoint where and as whom
     * @throws io.logcourier.ConfigurationException if there is no such secret, it may not be read, or it holds no password
     * @throws RetryableException if Secrets Manager does not answer
     */
    static ClickHouse connect(Endpoint endpoint) {
        return new HttpClickHouse(endpoint, true);
    }

    /**
     * As {@link #connect}, but nothing is ever sent twice: the client otherwise repeats a request whose connection ends
     * without an answer, an INSERT as well.
     */
    static ClickHouse connectOnce(Endpoint endpoint) {
        return new HttpClickHouse(endpoint, false);
    }

    /**
     * Whether an INSERT that failed cannot have stored anything and may go through as it is later: no connection was made, or
     * ClickHouse was too busy to begin. Holds for what it inserts as one block.
     */
    static boolean wasTurnedAway(CourierException failure) {
        return wasNotReached(failure)
                || (failure.getCause() instanceof ServerException refused
                        && HttpClickHouse.BUSY.contains(refused.getCode()));
    }

    /**
     * Whether an INSERT that failed cannot have stored anything: it was turned away, or its rows or the statement are wrong,
     * which ClickHouse says before it stores. All else, a quorum that was not reached or a timeout, can come after rows
     * were stored. Holds for what it inserts as one block.
     */
    static boolean storedNothing(CourierException failure) {
        return wasTurnedAway(failure)
                || (failure.getCause() instanceof ServerException refused
                        && HttpClickHouse.WRONG.contains(refused.getCode()));
    }

    /** Whether a row or a statement was refused because it is nested too deep: sent again, it is again. */
    static boolean isTooDeep(CourierException failure) {
        return failure.getCause() instanceof ServerException refused && refused.getCode() == HttpClickHouse.TOO_DEEP;
    }

    /** Whether no connection was made, so that the request cannot have had any effect. */
    private static boolean wasNotReached(CourierException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
                return true;
            }
        }
        return false;
    }
}
