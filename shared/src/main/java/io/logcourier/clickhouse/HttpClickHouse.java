package io.logcourier.clickhouse;

import com.clickhouse.client.api.ClickHouseException;
import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ClientFaultCause;
import com.clickhouse.client.api.ServerException;
import com.clickhouse.client.api.insert.InsertSettings;
import com.clickhouse.client.api.query.QueryResponse;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.data.ClickHouseFormat;
import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** {@link ClickHouse} through the vendor's client. */
final class HttpClickHouse implements ClickHouse {
    /**
     * UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, ACCESS_DENIED,
     * AUTHENTICATION_FAILED.
     */
    private static final Set<Integer> MISCONFIGURED = Set.of(60, 81, 192, 193, 194, 497, 516);

    /** WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED. */
    private static final Set<Integer> UNAUTHENTICATED = Set.of(193, 194, 516);

    private static final int NETWORK_BUFFER_BYTES = 256 * 1024;

    private final Endpoint endpoint;
    private final Client client;
    private volatile String password;

    HttpClickHouse(Endpoint endpoint, boolean repeats) {
        this.endpoint = endpoint;
        this.password = endpoint.password().get();
        Client.Builder builder = new Client.Builder()
                .addEndpoint(endpoint.url().toString())
                .setUsername(endpoint.user())
                .setPassword(password)
                .setClientName("log-courier")
                .setSocketTimeout(endpoint.timeout().toMillis())
                .setClientNetworkBufferSize(NETWORK_BUFFER_BYTES)
                .compressServerResponse(false)
                .compressClientRequest(false);
        if (!repeats) {
            builder.setMaxRetries(0).retryOnFailures(ClientFaultCause.None);
        }
        this.client = builder.build();
    }

    @Override
    public InputStream query(Statement statement, String format) {
        QuerySettings settings = new QuerySettings().setFormat(ClickHouseFormat.valueOf(format));
        statement.settings().forEach(settings::serverSetting);
        Map<String, Object> parameters = new LinkedHashMap<>(statement.parameters());
        QueryResponse response = call(statement.name(), () -> client.query(statement.sql(), parameters, settings));
        return new FilterInputStream(response.getInputStream()) {
            @Override
            public void close() throws IOException {
                try {
                    response.close();
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException("cannot close a result of ClickHouse", e);
                }
            }
        };
    }

    @Override
    public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
        InsertSettings insertSettings = new InsertSettings().serverSetting("async_insert", "0");
        settings.forEach(insertSettings::serverSetting);
        call(
                        "an INSERT into " + table,
                        () -> client.insert(
                                table,
                                new ByteArrayInputStream(rows),
                                ClickHouseFormat.valueOf(format),
                                insertSettings))
                .close();
    }

    /** Sends a request and returns its answer; repeats it where the password was refused and there is a new one. */
    private <T> T call(String what, Supplier<CompletableFuture<T>> request) {
        String tried = password;
        try {
            return answer(what, request);
        } catch (ConfigurationException e) {
            if (e.getCause() instanceof ServerException refused
                    && UNAUTHENTICATED.contains(refused.getCode())
                    && isRenewed(tried)) {
                return answer(what, request);
            }
            throw e;
        }
    }

    /** Whether there is another password than the one that was tried. */
    private synchronized boolean isRenewed(String tried) {
        if (password.equals(tried)) {
            password = endpoint.password().get();
            client.updateUserAndPassword(endpoint.user(), password);
        }
        return !password.equals(tried);
    }

    /** The client works in the calling thread, and reports some failures at once, others through the future. */
    private <T> T answer(String what, Supplier<CompletableFuture<T>> request) {
        try {
            return request.get().join();
        } catch (CompletionException e) {
            throw failure(what, e.getCause());
        } catch (ClickHouseException e) {
            throw failure(what, e);
        }
    }

    private CourierException failure(String what, Throwable cause) {
        if (cause instanceof ServerException refused && MISCONFIGURED.contains(refused.getCode())) {
            return new ConfigurationException(
                    "ClickHouse at " + endpoint + " refused " + what + ": " + refused.getMessage()
                            + " (if the tables are missing, run `courier schema --apply`)",
                    cause);
        }
        return new RetryableException(
                "ClickHouse at " + endpoint + " failed at " + what + ": " + reasons(cause), cause);
    }

    /** What failed, and why in the end: the client's own message does not say that nobody listens. */
    private static String reasons(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last == failure || last.getMessage() == null
                ? failure.getMessage()
                : failure.getMessage() + ": " + last.getMessage();
    }

    @Override
    public void close() {
        client.close();
    }
}
