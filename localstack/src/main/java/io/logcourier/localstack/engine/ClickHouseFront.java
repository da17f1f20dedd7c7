package io.logcourier.localstack.engine;

import io.logcourier.localstack.door.Door;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves an {@link Engine} on a loopback port as a ClickHouse server serves its HTTP interface, as far as clickhouse-jdbc,
 * client-v2, curl and log shippers use that: <a href="https://clickhouse.com/docs/interfaces/http">its documentation</a>.
 *
 * <p>Left out: sessions, roles, external tables, predefined handlers, the table function {@code input}. The engine chooses
 * the ids of queries itself, so {@code KILL QUERY} does not find one under the id that its client has given. A client that
 * goes away cancels its query as soon as that writes to it, so one that is silent runs to its end, as on a server by
 * default.
 *
 * <p>Thread-safe. {@link Engine#MAX_SESSIONS} statements run at once, others wait. The engine is not closed with the front:
 * close the front first.
 */
public final class ClickHouseFront implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClickHouseFront.class);

    /** A statement is looked for in so much of a text, as in ClickHouse ({@code max_query_size}). */
    private static final int STATEMENT_LIMIT = 1 << 18;

    private static final int CLASSIFIED = 100;
    private static final List<String> METHODS = List.of("GET", "POST");
    private static final int INSERT_CHUNK = 1 << 20;

    /** Of what a client still sends after an error, so much is read; one that sends more may lose the answer. */
    private static final long DRAIN_LIMIT = 64L << 20;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    /** ClickHouse's limit of a URL, and some for the headers. */
    private static final int HEAD_LIMIT = (1 << 20) + (1 << 18);

    private static final String LOOPBACK = "127.0.0.1";

    /** Requests served at once, most of which wait for the engine. Not virtual: a query runs in a native call, where it would hold a carrier. */
    private static final int THREADS = 1000;

    private final Engine engine;
    private final Credentials credentials;
    private final String timezone;
    private final Server server;
    private final ServerConnector connector;
    /** One party for each request that is being served, and one for {@link #close}. */
    private final Phaser running = new Phaser(1);

    /** What the engine found statements to be, so that those which come again and again are not parsed twice each time. */
    private final Map<ByteBuffer, LibChdb.Classification> classified = new ConcurrentHashMap<>();

    private volatile boolean closing;

    private ClickHouseFront(Engine engine, String timezone, Credentials credentials, int port) {
        this.engine = engine;
        this.credentials = credentials;
        this.timezone = timezone;
        QueuedThreadPool threads = new QueuedThreadPool(THREADS);
        threads.setName("clickhouse-front");
        threads.setDaemon(true);
        server = new Server(threads);
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(HEAD_LIMIT);
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        connector = new ServerConnector(server, new HttpConnectionFactory(configuration));
        connector.setHost(LOOPBACK);
        connector.setPort(port);
        // A statement may be silent for long.
        connector.setIdleTimeout(0);
        server.addConnector(connector);
        server.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                ClickHouseFront.this.handle(request, response, callback);
                return true;
            }
        });
    }

    /**
     * Starts to serve the user {@code default}, who has no password.
     *
     * @param port the port on the loopback address, 0 for any that is free
     * @throws UncheckedIOException if the port is taken
     */
    public static ClickHouseFront start(Engine engine, int port) {
        return start(engine, port, Credentials.DEFAULT);
    }

    /** Starts to serve one user only. */
    public static ClickHouseFront start(Engine engine, int port, Credentials credentials) {
        String timezone = timezone(engine);
        ClickHouseFront front = new ClickHouseFront(engine, timezone, credentials, port);
        try {
            front.server.start();
        } catch (Exception e) {
            front.stop();
            throw new UncheckedIOException("Cannot listen on " + LOOPBACK + ":" + port, new IOException(e));
        }
        return front;
    }

    private static String timezone(Engine engine) {
        byte[] sql = "SELECT timezone()".getBytes(StandardCharsets.UTF_8);
        try (Session session = engine.connect();
                Result result = session.query(sql, "TSVRaw", Map.of())) {
            return new String(result.bytes().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8).strip();
        }
    }

    /** Where it serves, for example {@code http://127.0.0.1:8123}. */
    public URI uri() {
        return URI.create("http://" + LOOPBACK + ":" + connector.getLocalPort());
    }

    /** Waits some seconds for the requests that are running, and meanwhile answers others with status 503. */
    @Override
    public synchronized void close() {
        if (closing) {
            return;
        }
        closing = true;
        try {
            running.awaitAdvanceInterruptibly(running.arrive(), CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("Breaking off the requests that still run after {}", CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stop();
    }

    private void stop() {
        try {
            server.stop();
        } catch (Exception e) {
            LOG.warn("The front does not stop as it should", e);
        }
    }

    private void handle(Request request, Response response, Callback callback) {
        running.register();
        try {
            serve(request, response);
            callback.succeeded();
        } catch (IOException | RuntimeException e) {
            // Breaks the connection: a body must not end as if complete.
            LOG.debug("A request is broken off", e);
            callback.failed(e);
        } finally {
            running.arriveAndDeregister();
        }
    }

    private void serve(Request request, Response response) throws IOException {
        if (closing) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
            answer(response, 503, "The front is closing\n");
            return;
        }
        Optional<String> refusal = Door.refusal(name -> request.getHeaders().getValuesList(name));
        if (refusal.isPresent()) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
            answer(response, Door.STATUS, "Refused: " + refusal.get() + "\n");
            return;
        }
        response.getHeaders().put("X-ClickHouse-Server-Display-Name", "log-courier");
        response.getHeaders().put("X-ClickHouse-Timezone", timezone);
        HttpURI uri = request.getHttpURI();
        String method = request.getMethod();
        boolean asksWhetherItIsThere = uri.getPath().equals("/ping")
                || (uri.getPath().equals("/") && uri.getQuery() == null && !method.equals("POST"));
        if (!METHODS.contains(method) && !(HttpMethod.HEAD.is(method) && asksWhetherItIsThere)) {
            response.getHeaders().put(HttpHeader.ALLOW, String.join(", ", METHODS));
            answer(
                    response,
                    405,
                    "The method " + method + " is not supported: POST a statement, or GET one that only reads\n");
        } else if (asksWhetherItIsThere) {
            answer(response, 200, "Ok.\n");
        } else if (uri.getPath().equals("/")) {
            query(request, response);
        } else {
            answer(response, 404, "There is no handle " + uri.getPathQuery() + ": POST statements to /\n");
        }
    }

    private static void answer(Response response, int status, String text) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/html; charset=UTF-8");
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        Content.Sink.write(response, true, ByteBuffer.wrap(bytes));
    }

    private void query(Request httpRequest, Response httpResponse) throws IOException {
        ClickHouseRequest request = new ClickHouseRequest(httpRequest);
        try (ClickHouseResponse response = new ClickHouseResponse(httpResponse, request)) {
            try {
                authenticate(request);
                request.requireSupported();
                run(request, response);
            } catch (EngineException e) {
                LOG.debug("Answering with an error", e);
                drain(request.body());
                response.fail(e);
            } catch (IOException e) {
                // The body is damaged, or the client has gone, which the attempt to answer will show.
                LOG.debug("A request broke off", e);
                drain(request.body());
                response.fail(EngineException.of(
                        EngineException.CANNOT_READ_ALL_DATA,
                        "CANNOT_READ_ALL_DATA",
                        "Cannot read the body of the request" + request.bodyCoding() + ": " + e));
            } catch (RuntimeException e) {
                LOG.error("A request failed for a reason of the front's own", e);
                drain(request.body());
                response.fail(EngineException.of(e.toString()));
            }
        }
    }

    private void authenticate(ClickHouseRequest request) {
        Credentials given = request.credentials();
        if (!given.equals(credentials)) {
            throw EngineException.of(
                    EngineException.AUTHENTICATION_FAILED,
                    "AUTHENTICATION_FAILED",
                    given.user()
                            + ": Authentication failed: password is incorrect, or there is no user with such name");
        }
    }

    private void run(ClickHouseRequest request, ClickHouseResponse response) throws IOException {
        InputStream text = request.text();
        byte[] head = text.readNBytes(STATEMENT_LIMIT);
        Statement statement = Statement.parse(head);
        try (Session session = engine.connect()) {
            prepare(session, request);
            if (statement.hasData()) {
                fence(statement.sql(), request.parameters());
                fenceValues(session, statement, head);
                insert(session, request, response, statement, head, text);
            } else {
                statement =
                        head.length < STATEMENT_LIMIT ? statement : Statement.parse(join(head, text.readAllBytes()));
                fence(statement.sql(), request.parameters());
                result(session, request, response, statement);
            }
            response.finish();
        }
    }

    private static void fence(byte[] sql, Map<String, byte[]> parameters) {
        Fence.reached(sql, parameters).ifPresent(reached -> {
            throw EngineException.of(
                    EngineException.ACCESS_DENIED,
                    "ACCESS_DENIED",
                    reached
                            + " is refused: statements on a laptop stay within its data folder; load and read files with"
                            + " a program, and INSERT the rows");
        });
    }

    /** Values may be expressions. Those beyond what was looked at must be plain. */
    private static void fenceValues(Session session, Statement statement, byte[] head) {
        if (!statement.format().equalsIgnoreCase("Values")) {
            return;
        }
        fence(Arrays.copyOfRange(head, statement.dataStart(), head.length), Map.of());
        if (head.length == STATEMENT_LIMIT) {
            execute(
                    session,
                    "SET input_format_values_interpret_expressions = 0,"
                            + " input_format_values_deduce_templates_of_expressions = 0");
        }
    }

    private static void prepare(Session session, ClickHouseRequest request) {
        // A session begins in the default one, which most clients name all the same.
        if (!request.database().isEmpty() && !request.database().equals("default")) {
            execute(session, "USE " + quoted('`', request.database()));
        }
        if (!request.settings().isEmpty()) {
            execute(
                    session,
                    request.settings().entrySet().stream()
                            .map(setting -> settingName(setting.getKey()) + " = " + quoted('\'', setting.getValue()))
                            .collect(Collectors.joining(", ", "SET ", "")));
        }
        if (request.readOnly()) {
            execute(session, "SET readonly = 2");
        }
    }

    private static void execute(Session session, String sql) {
        session.query(sql.getBytes(StandardCharsets.ISO_8859_1), "Null", Map.of())
                .close();
    }

    private static String settingName(String name) {
        if (!name.matches("[A-Za-z_][A-Za-z0-9_.]*")) {
            throw EngineException.of(
                    EngineException.UNKNOWN_SETTING,
                    "UNKNOWN_SETTING",
                    "Neither a parameter nor a setting: '" + name + "'");
        }
        return name;
    }

    private static String quoted(char quote, String text) {
        return quote + text.replace("\\", "\\\\").replace(String.valueOf(quote), "\\" + quote) + quote;
    }

    private static void insert(
            Session session,
            ClickHouseRequest request,
            ClickHouseResponse response,
            Statement statement,
            byte[] head,
            InputStream rest)
            throws IOException {
        try (Session.Insert insert = session.insert(statement.sql(), statement.format(), request.parameters())) {
            byte[] chunk = Arrays.copyOfRange(head, statement.dataStart(), head.length);
            if (chunk.length > 0) {
                insert.append(chunk, chunk.length);
            }
            chunk = new byte[INSERT_CHUNK];
            for (int length = fill(chunk, rest); length > 0; length = fill(chunk, rest)) {
                insert.append(chunk, length);
            }
            response.add(insert.commit());
        }
    }

    private static int fill(byte[] chunk, InputStream in) throws IOException {
        return in.readNBytes(chunk, 0, chunk.length);
    }

    private void result(Session session, ClickHouseRequest request, ClickHouseResponse response, Statement statement)
            throws IOException {
        if (statement.isEmpty()) {
            throw EngineException.of(EngineException.SYNTAX_ERROR, "SYNTAX_ERROR", "Empty query");
        }
        Format format = statement.format().isEmpty() ? request.defaultFormat() : new Format(statement.format());
        response.format(format);
        if (statement.isIntoFile()) {
            throw EngineException.of(
                    EngineException.INTO_OUTFILE_NOT_ALLOWED,
                    "INTO_OUTFILE_NOT_ALLOWED",
                    "INTO OUTFILE is not allowed");
        }
        if (statement.isFromInput()) {
            throw EngineException.of(
                    EngineException.NOT_IMPLEMENTED,
                    "NOT_IMPLEMENTED",
                    "The embedded ClickHouse does not support the table function input: insert into a table, of engine"
                            + " Null with a materialized view where the rows are to be changed on their way");
        }
        LibChdb.Classification classification = classify(session, statement);
        if (classification.statements() > 1) {
            throw EngineException.of(EngineException.SYNTAX_ERROR, "SYNTAX_ERROR", "Multi-statements are not allowed");
        }
        if (statement.isSelect()
                && classification.readOnly()
                && format.streamable()
                && !arrayOfRows(request, statement)) {
            try (Session.Rows rows = session.stream(statement.sql(), format.name(), request.parameters())) {
                stream(rows, format, response);
            }
        } else {
            try (Result result = session.query(statement.sql(), format.name(), request.parameters())) {
                response.add(result.statistics());
                result.writeTo(response.body(), 0);
            }
        }
    }

    private LibChdb.Classification classify(Session session, Statement statement) {
        ByteBuffer text = ByteBuffer.wrap(statement.sql());
        LibChdb.Classification known = classified.get(text);
        if (known == null) {
            known = session.classify(statement.sql());
            if (classified.size() >= CLASSIFIED) {
                classified.clear();
            }
            classified.put(text, known);
        }
        return known;
    }

    /** This setting puts brackets around what else is rows only. */
    private static boolean arrayOfRows(ClickHouseRequest request, Statement statement) {
        String setting = "output_format_json_array_of_rows";
        return request.settings().containsKey(setting)
                || new String(statement.sql(), StandardCharsets.ISO_8859_1).contains(setting);
    }

    private static void stream(Session.Rows rows, Format format, ClickHouseResponse response) throws IOException {
        boolean first = true;
        while (true) {
            try (Result piece = rows.next()) {
                if (piece.bytes().byteSize() == 0) {
                    return;
                }
                response.add(piece.statistics());
                piece.writeTo(response.body(), first ? 0 : format.headerLength(piece.bytes()));
                first = false;
            }
        }
    }

    /** A client that is still sending its body would not read the response. */
    private static void drain(InputStream body) throws IOException {
        long drained = 0;
        byte[] chunk = new byte[1 << 16];
        for (int n = body.read(chunk); n >= 0 && drained < DRAIN_LIMIT; n = body.read(chunk)) {
            drained += n;
        }
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
