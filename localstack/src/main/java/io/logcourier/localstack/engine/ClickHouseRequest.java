package io.logcourier.localstack.engine;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * A request of ClickHouse's HTTP interface, taken apart. URL parameters are bytes to ClickHouse and need not be UTF-8, so
 * here they are strings of one char per byte (ISO 8859-1).
 */
final class ClickHouseRequest {
    private static final String PARAMETER_PREFIX = "param_";
    private static final Set<String> NO_SETTINGS = Set.of(
            "buffer_size",
            "client_protocol_version",
            "close_session",
            "compress",
            "database",
            "decompress",
            "default_format",
            "password",
            "query",
            "query_id",
            "quota_key",
            "session_check",
            "session_timeout",
            "stacktrace",
            "user",
            "wait_end_of_query",
            "workload");
    private static final Set<String> FLAGS =
            Set.of("compress", "decompress", "enable_http_compression", "http_wait_end_of_query", "wait_end_of_query");
    /** Ignoring these would make a difference to what the client gets. */
    private static final Set<String> NOT_SUPPORTED = Set.of("role", "session_id");

    private final Request http;
    private final Map<String, String> url;

    private final InputStream body;

    ClickHouseRequest(Request http) {
        this.http = http;
        url = urlParameters(http.getHttpURI().getQuery());
        body = Content.Source.asInputStream(http);
    }

    private static Map<String, String> urlParameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query != null) {
            for (String part : query.split("&", -1)) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? part : part.substring(0, equals);
                String value = equals < 0 ? "" : part.substring(equals + 1);
                if (!name.isEmpty()) {
                    parameters.put(decode(name), decode(value));
                }
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.ISO_8859_1);
    }

    /** Fails if the request asks for what the front does not have. */
    void requireSupported() {
        for (String name : NOT_SUPPORTED) {
            if (url.containsKey(name)) {
                throw EngineException.of(
                        EngineException.NOT_IMPLEMENTED,
                        "NOT_IMPLEMENTED",
                        "The embedded ClickHouse does not support the URL parameter " + name);
            }
        }
        for (String name : FLAGS) {
            String value = url.getOrDefault(name, "0");
            if (!Set.of("0", "1", "false", "true").contains(value)) {
                throw EngineException.of(
                        EngineException.CANNOT_PARSE_TEXT,
                        "CANNOT_PARSE_TEXT",
                        "The URL parameter " + name + " is '" + value + "': give 1 or 0");
            }
        }
        if (header("Content-Type").startsWith("multipart/form-data")) {
            throw EngineException.of(
                    EngineException.NOT_IMPLEMENTED,
                    "NOT_IMPLEMENTED",
                    "The embedded ClickHouse does not support external tables (Content-Type multipart/form-data):"
                            + " send the statement as the plain body, and such data into a table");
        }
    }

    /** GET must not change anything, as in ClickHouse. */
    boolean readOnly() {
        return !http.getMethod().equals("POST");
    }

    boolean waitEndOfQuery() {
        return flag("wait_end_of_query") || flag("http_wait_end_of_query");
    }

    boolean compressed() {
        return flag("compress");
    }

    private boolean flag(String name) {
        String value = url.getOrDefault(name, "0");
        return value.equals("1") || value.equals("true");
    }

    String queryId() {
        String id = url.getOrDefault("query_id", header("X-ClickHouse-Query-Id"));
        return id.isEmpty() ? UUID.randomUUID().toString() : id;
    }

    String database() {
        return headerOrUrl("X-ClickHouse-Database", "database");
    }

    /** The format of a result whose statement names none. */
    Format defaultFormat() {
        String name = headerOrUrl("X-ClickHouse-Format", "default_format");
        return name.isEmpty() ? Format.TAB_SEPARATED : new Format(name);
    }

    /** The values of {@code {name:Type}} in the statement, escaped as in a TabSeparated file. */
    Map<String, byte[]> parameters() {
        Map<String, byte[]> parameters = new LinkedHashMap<>();
        url.forEach((name, value) -> {
            if (name.startsWith(PARAMETER_PREFIX)) {
                parameters.put(name.substring(PARAMETER_PREFIX.length()), value.getBytes(StandardCharsets.ISO_8859_1));
            }
        });
        return parameters;
    }

    /** What a URL parameter that ClickHouse has no other use for is: a setting for this request. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>(url);
        settings.keySet().removeIf(name -> name.startsWith(PARAMETER_PREFIX) || NO_SETTINGS.contains(name));
        return settings;
    }

    /** The user and password given by header, URL, or basic authentication, of which ClickHouse allows one at a time. */
    Credentials credentials() {
        String authorization = header("Authorization");
        boolean basic = !authorization.isEmpty();
        boolean byHeader = !header("X-ClickHouse-User").isEmpty()
                || !header("X-ClickHouse-Key").isEmpty();
        boolean byUrl = url.containsKey("user") || url.containsKey("password");
        if ((basic && byHeader) || (basic && byUrl) || (byHeader && byUrl)) {
            throw authenticationFailed("Invalid authentication: the user and password may come by the header"
                    + " Authorization, by the headers X-ClickHouse-User and -Key, or in the URL, but not by several");
        }
        if (basic) {
            return basic(authorization);
        }
        String user = headerOrUrl("X-ClickHouse-User", "user");
        return new Credentials(
                user.isEmpty() ? Credentials.DEFAULT.user() : user, headerOrUrl("X-ClickHouse-Key", "password"));
    }

    private static Credentials basic(String authorization) {
        String scheme = "Basic ";
        if (!authorization.regionMatches(true, 0, scheme, 0, scheme.length())) {
            throw authenticationFailed("Invalid authentication: the header Authorization must be of the scheme Basic");
        }
        try {
            String pair = new String(
                    Base64.getDecoder()
                            .decode(authorization.substring(scheme.length()).strip()),
                    StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? new Credentials(pair, "")
                    : new Credentials(pair.substring(0, colon), pair.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            throw authenticationFailed("Invalid authentication: the header Authorization is not Base64");
        }
    }

    private static EngineException authenticationFailed(String message) {
        return EngineException.of(EngineException.AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", message);
    }

    /** The body as it comes. */
    InputStream body() {
        return body;
    }

    /** The statement and what follows it: the URL's query, a newline, and the body. */
    InputStream text() throws IOException {
        // Stays open, for what an error leaves unread must be read before the response.
        InputStream raw = new FilterInputStream(body) {
            @Override
            public void close() {}
        };
        InputStream text = ContentCoding.of(header("Content-Encoding")).decode(raw);
        if (flag("decompress")) {
            text = BlockCompression.decompress(text);
        }
        String query = url.getOrDefault("query", "");
        return query.isEmpty()
                ? text
                : new SequenceInputStream(
                        new ByteArrayInputStream((query + "\n").getBytes(StandardCharsets.ISO_8859_1)), text);
    }

    /** How the client wants the response encoded, where it has switched that on. */
    ContentCoding responseCoding() {
        return flag("enable_http_compression")
                ? ContentCoding.accepted(header("Accept-Encoding"))
                : ContentCoding.IDENTITY;
    }

    /** How messages call the way in which the body is compressed. */
    String bodyCoding() {
        String coding = header("Content-Encoding");
        return (coding.isEmpty() ? "" : " with Content-Encoding " + coding)
                + (flag("decompress") ? " in ClickHouse's blocks (decompress=1)" : "");
    }

    /** Where both are given, the header counts. */
    private String headerOrUrl(String header, String parameter) {
        String value = header(header);
        return value.isEmpty() ? url.getOrDefault(parameter, "") : value;
    }

    private String header(String name) {
        String value = http.getHeaders().get(name);
        return value == null ? "" : value;
    }
}
