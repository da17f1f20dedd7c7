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
import io.logcourier.tls.Distrust;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link ClickHouse} through the vendor's client. */
final class HttpClickHouse implements ClickHouse {
    /**
     * UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, ACCESS_DENIED,
     * AUTHENTICATION_FAILED.
     */
    private static final Set<Integer> MISCONFIGURED = Set.of(60, 81, 192, 193, 194, 497, 516);

    /** WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED. */
    private static final Set<Integer> UNAUTHENTICATED = Set.of(193, 194, 516);

    /** TOO_MANY_SIMULTANEOUS_QUERIES, TABLE_IS_READ_ONLY, TOO_MANY_PARTS. */
    static final Set<Integer> BUSY = Set.of(202, 242, 252);

    /** TOO_DEEP_RECURSION: brackets within brackets, of a row or a statement. */
    static final int TOO_DEEP = 306;

    /**
     * CANNOT_PARSE_TEXT, _ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, _DATE, _DATETIME, _NUMBER,
     * TYPE_MISMATCH, CANNOT_CONVERT_TYPE, INCORRECT_DATA, CANNOT_READ_ARRAY_FROM_TEXT, TOO_LARGE_STRING_SIZE,
     * CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, TOO_DEEP_RECURSION; then NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, SYNTAX_ERROR,
     * UNKNOWN_FORMAT, UNKNOWN_SETTING, READONLY, SETTING_CONSTRAINT_VIOLATION.
     */
    static final Set<Integer> WRONG =
            Set.of(6, 25, 26, 27, 38, 41, 72, 53, 70, 117, 130, 131, 349, TOO_DEEP, 16, 47, 62, 73, 115, 164, 452);

    /** What a proxy before ClickHouse answers for want of a token, or of a right. */
    private static final int UNAUTHORIZED = 401;

    private static final int FORBIDDEN = 403;

    /** The setting that names whom the server's certificate is held against. */
    private static final String AUTHORITY = "clickhouse.ca-file";

    /** A token stands in a header; the message must not quote it. */
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

    /**
     * What a user's profile may set otherwise, and what would make an answer another one: a part of it as if it were the
     * whole, one of before, what another replica knows, or other values where there is none.
     *
     * <p>The condition cache and lazy materialization are on by default, gain nothing here, and are off since they have
     * answered with fewer rows and with values of other rows, without an error (ClickHouse issues 104781, 110302 and 87875).
     */
    private static final Map<String, String> PINNED = Map.ofEntries(
            Map.entry("read_overflow_mode", "throw"),
            Map.entry("read_overflow_mode_leaf", "throw"),
            Map.entry("timeout_overflow_mode", "throw"),
            Map.entry("group_by_overflow_mode", "throw"),
            Map.entry("sort_overflow_mode", "throw"),
            Map.entry("result_overflow_mode", "throw"),
            Map.entry("distinct_overflow_mode", "throw"),
            Map.entry("set_overflow_mode", "throw"),
            Map.entry("join_overflow_mode", "throw"),
            Map.entry("transfer_overflow_mode", "throw"),
            Map.entry("limit", "0"),
            Map.entry("offset", "0"),
            Map.entry("use_query_cache", "0"),
            Map.entry("use_query_condition_cache", "0"),
            Map.entry("query_plan_optimize_lazy_materialization", "0"),
            Map.entry("enable_parallel_replicas", "0"),
            Map.entry("enable_analyzer", "1"),
            Map.entry("session_timezone", ""),
            Map.entry("additional_table_filters", "{}"),
            Map.entry("additional_result_filter", ""),
            Map.entry("apply_deleted_mask", "1"),
            Map.entry("force_grouping_standard_compatibility", "1"),
            Map.entry("empty_result_for_aggregation_by_empty_set", "0"),
            Map.entry("join_use_nulls", "0"),
            Map.entry("group_by_use_nulls", "0"),
            Map.entry("transform_null_in", "0"),
            Map.entry("aggregate_functions_null_for_empty", "0"),
            Map.entry("prefer_column_name_to_alias", "0"),
            Map.entry("date_time_overflow_behavior", "ignore"),
            // A client that goes away ends what it has asked for; ClickHouse does so for what only reads.
            Map.entry(Statement.READ_ONLY, "2"),
            Map.entry("cancel_http_readonly_queries_on_client_close", "1"));

    /**
     * What a user's profile may set otherwise, and what would make an INSERT another one: without its deduplication token or
     * with one that is not its own, in the background, without rows that do not parse or whose view fails, in pieces, with
     * other defaults or times.
     */
    private static final Map<String, String> PINNED_INSERT = Map.ofEntries(
            Map.entry("async_insert", "0"),
            Map.entry("insert_deduplicate", "1"),
            Map.entry("deduplicate_insert", "enable"),
            Map.entry("insert_deduplication_token", ""),
            Map.entry("deduplicate_blocks_in_dependent_materialized_views", "0"),
            Map.entry("materialized_views_ignore_errors", "0"),
            Map.entry("ignore_materialized_views_with_dropped_target_table", "0"),
            Map.entry("implicit_transaction", "0"),
            Map.entry("input_format_allow_errors_num", "0"),
            Map.entry("input_format_allow_errors_ratio", "0"),
            Map.entry("input_format_defaults_for_omitted_fields", "1"),
            Map.entry("input_format_force_null_for_omitted_fields", "0"),
            Map.entry("input_format_null_as_default", "1"),
            Map.entry("input_format_skip_unknown_fields", "1"),
            Map.entry("input_format_json_named_tuples_as_objects", "1"),
            Map.entry("input_format_json_defaults_for_missing_elements_in_named_tuple", "1"),
            Map.entry("input_format_json_ignore_unknown_keys_in_named_tuple", "1"),
            Map.entry("input_format_max_block_size_bytes", "0"),
            Map.entry("input_format_max_block_wait_ms", "0"),
            Map.entry("input_format_connection_handling", "0"),
            Map.entry("use_strict_insert_block_limits", "0"),
            Map.entry("read_overflow_mode", "throw"),
            Map.entry("timeout_overflow_mode", "throw"),
            Map.entry("session_timezone", ""),
            Map.entry("date_time_overflow_behavior", "ignore"));

    /** Settings of ours that ClickHouse 25.8 does not know, and would refuse. They are sent where the server knows them. */
    private static final Set<String> YOUNGER = Set.of(
            "deduplicate_insert",
            "input_format_max_block_wait_ms",
            "input_format_connection_handling",
            "use_strict_insert_block_limits",
            "max_insert_block_size_bytes");

    private static final Statement KNOWN = Statement.resource(HttpClickHouse.class, "known-settings.sql");

    /** A server may be upgraded, or go back, while a function stays connected. */
    private static final Duration KNOWN_FOR = Duration.ofMinutes(5);

    /** The setting that ends a statement on the server. */
    private static final String LONGEST = "max_execution_time";

    private static final int NETWORK_BUFFER_BYTES = 256 * 1024;

    /** A machine that is down does not refuse. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    private static final Statement REACHED = new Statement("a first look", "SELECT 1", Map.of(), Map.of());
    private static final Logger log = LoggerFactory.getLogger(HttpClickHouse.class);

    private final Endpoint endpoint;
    private final boolean repeats;
    private volatile String password;
    private volatile int replica;
    private volatile Client client;
    private volatile boolean isChosen;
    private volatile Known known = Known.NOTHING;

    /** Which of the {@link #YOUNGER} settings the server knows, and when it said so, by {@link System#nanoTime}. */
    private record Known(Set<String> settings, long askedAt, boolean isAsked) {
        static final Known NOTHING = new Known(Set.of(), 0, false);

        boolean holds() {
            return isAsked && System.nanoTime() - askedAt < KNOWN_FOR.toNanos();
        }
    }

    HttpClickHouse(Endpoint endpoint, boolean repeats) {
        this.endpoint = endpoint;
        this.repeats = repeats;
        this.password = endpoint.password().get();
        this.client = connect(endpoint.url());
        this.isChosen = endpoint.urls().size() == 1;
    }

    private Client connect(URI url) {
        Client.Builder builder = new Client.Builder()
                .addEndpoint(url.toString())
                .httpHeaders(endpoint.headers())
                .setClientName("log-courier")
                .setConnectTimeout(
                        Math.min(CONNECT_TIMEOUT.toMillis(), endpoint.timeout().toMillis()))
                .setSocketTimeout(endpoint.timeout().toMillis())
                .setClientNetworkBufferSize(NETWORK_BUFFER_BYTES)
                .compressServerResponse(false)
                .compressClientRequest(false);
        switch (endpoint.authentication()) {
            case BASIC -> builder.setUsername(endpoint.user()).setPassword(password);
            case BEARER -> builder.useBearerTokenAuth(token());
        }
        endpoint.authority().ifPresent(file -> builder.setRootCertificate(file.toString()));
        if (!repeats) {
            builder.setMaxRetries(0).retryOnFailures(ClientFaultCause.None);
        }
        return builder.build();
    }

    private String token() {
        if (!TOKEN.matcher(password).matches()) {
            throw new ConfigurationException(
                    "the access token for " + where()
                            + " is empty, or has what no token has, such as a space or a line feed:"
                            + " clickhouse.authentication is bearer, so clickhouse.password or clickhouse.password-secret must hold one");
        }
        return password;
    }

    @Override
    public synchronized void reach() {
        if (endpoint.urls().size() == 1) {
            return;
        }
        List<String> reasons = new ArrayList<>();
        Exception last = null;
        boolean isDistrusted = true;
        for (int tried = 0; tried < endpoint.urls().size(); tried++) {
            if (tried > 0) {
                use((replica + 1) % endpoint.urls().size());
            }
            try (InputStream one = ask(REACHED, "TabSeparated")) {
                one.readAllBytes();
                isChosen = true;
                if (tried > 0) {
                    log.atWarn()
                            .addKeyValue("replica", endpoint.urls().get(replica))
                            .addKeyValue("reason", String.join("; ", reasons))
                            .log("another replica is asked from now on");
                }
                return;
            } catch (CourierException e) {
                if (e instanceof ConfigurationException && !Distrust.isIn(e)) {
                    throw e;
                }
                isDistrusted &= Distrust.isIn(e);
                last = e;
                reasons.add(e.getMessage());
            } catch (IOException e) {
                isDistrusted = false;
                last = e;
                reasons.add(where() + " broke off a result: " + e.getMessage());
            }
        }
        String none = "no replica answers: " + String.join("; ", reasons);
        throw isDistrusted ? new ConfigurationException(none, last) : new RetryableException(none, last);
    }

    private void use(int other) {
        client.close();
        replica = other;
        known = Known.NOTHING;
        client = connect(endpoint.urls().get(other));
    }

    /** Before the first statement, where nobody has asked for it. */
    private void choose() {
        if (!isChosen) {
            reach();
        }
    }

    @Override
    public InputStream query(Statement statement, String format) {
        choose();
        return ask(statement, format);
    }

    private InputStream ask(Statement statement, String format) {
        QuerySettings settings = new QuerySettings().setFormat(ClickHouseFormat.valueOf(format));
        PINNED.forEach(settings::serverSetting);
        settings.serverSetting(LONGEST, seconds());
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
        insert(table, format, (OutputStream out) -> out.write(rows), settings);
    }

    @Override
    public void insert(String table, String format, Rows rows, Map<String, String> settings) {
        choose();
        InsertSettings insertSettings = new InsertSettings();
        settings(settings).forEach(insertSettings::serverSetting);
        call(
                        "an INSERT into " + table,
                        () -> client.insert(table, rows::writeTo, ClickHouseFormat.valueOf(format), insertSettings))
                .close();
    }

    /** All settings of an INSERT: those of its own, and what is pinned, as far as the server knows them. */
    private Map<String, String> settings(Map<String, String> own) {
        Map<String, String> all = new HashMap<>(PINNED_INSERT);
        all.put(LONGEST, seconds());
        all.putAll(own);
        Set<String> unknown = new HashSet<>(YOUNGER);
        unknown.removeAll(known());
        all.keySet().removeAll(unknown);
        return all;
    }

    /** Which of the {@link #YOUNGER} settings the server knows. Any user may ask. */
    private Set<String> known() {
        if (!known.holds()) {
            record Setting(String name) {}
            known = new Known(
                    list(KNOWN.with("names", String.join(",", YOUNGER)), Setting.class).stream()
                            .map(Setting::name)
                            .collect(Collectors.toSet()),
                    System.nanoTime(),
                    true);
        }
        return known.settings();
    }

    /** After so long nobody waits for an answer, so ClickHouse is to end the statement: retries must not pile up. */
    private String seconds() {
        return Long.toString(Math.max(1, endpoint.timeout().plusMillis(999).toSeconds()));
    }

    /** Sends a request and returns its answer; repeats it where the password was refused and there is a new one. */
    private <T> T call(String what, Supplier<CompletableFuture<T>> request) {
        String tried = password;
        try {
            return answer(what, request);
        } catch (ConfigurationException e) {
            if (e.getCause() instanceof ServerException refused
                    && (UNAUTHENTICATED.contains(refused.getCode())
                            || refused.getTransportProtocolCode() == UNAUTHORIZED)
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
            // The client takes no empty password for a new one.
            if (!password.equals(tried)) {
                switch (endpoint.authentication()) {
                    case BASIC -> client.updateUserAndPassword(endpoint.user(), password);
                    case BEARER -> client.updateBearerToken(token());
                }
            }
        }
        return !password.equals(tried);
    }

    /** The client works in the calling thread, and reports some failures at once, others through the future. */
    private <T> T answer(String what, Supplier<CompletableFuture<T>> request) {
        long began = System.nanoTime();
        try {
            T answer = request.get().join();
            log.atDebug()
                    .addKeyValue("statement", what)
                    .addKeyValue(
                            "ms", Duration.ofNanos(System.nanoTime() - began).toMillis())
                    .log("ClickHouse answered");
            return answer;
        } catch (CompletionException e) {
            throw failure(what, e.getCause());
        } catch (ClickHouseException e) {
            throw failure(what, e);
        }
    }

    private CourierException failure(String what, Throwable cause) {
        // It may be another server by now.
        known = Known.NOTHING;
        if (cause instanceof ServerException refused && isMisconfigured(refused)) {
            return new ConfigurationException(
                    where() + " refused " + what + ": " + refused.getMessage()
                            + " (if the tables are missing, run `courier schema --apply`)",
                    cause);
        }
        String failed = where() + " failed at " + what + ": ";
        return Distrust.advice(cause, AUTHORITY)
                .<CourierException>map(advice -> new ConfigurationException(failed + advice, cause))
                .orElseGet(() -> new RetryableException(failed + reasons(cause), cause));
    }

    private static boolean isMisconfigured(ServerException refused) {
        return MISCONFIGURED.contains(refused.getCode())
                || refused.getTransportProtocolCode() == UNAUTHORIZED
                || refused.getTransportProtocolCode() == FORBIDDEN;
    }

    private String where() {
        return "ClickHouse at " + endpoint.at(List.of(endpoint.urls().get(replica)));
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
