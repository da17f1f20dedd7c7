package io.logcourier.localstack.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;

/**
 * The response to one statement. The first part of a result is held back, so that an early failure still becomes a proper
 * error response; with {@code wait_end_of_query} all of it is, beyond the first part in a file. After that a failure can
 * only break the body off.
 */
final class ClickHouseResponse implements AutoCloseable {
    private static final int HOLD_BACK = 1 << 20;

    private final Response http;
    private final boolean waitForEnd;
    private final boolean blockCompression;
    private final ContentCoding coding;
    private final String exceptionTag =
            UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    private final HeldBack heldBack = new HeldBack();
    private OutputStream body;
    private Statistics statistics = Statistics.NONE;

    ClickHouseResponse(Response http, ClickHouseRequest request) {
        this.http = http;
        waitForEnd = request.waitEndOfQuery();
        blockCompression = request.compressed();
        coding = request.responseCoding();
        header("X-ClickHouse-Query-Id", request.queryId());
        header("X-ClickHouse-Exception-Tag", exceptionTag);
    }

    void format(Format format) {
        header("X-ClickHouse-Format", format.name());
        header("Content-Type", format.contentType());
    }

    /** Adds what the statement has done; the sum goes into the headers if they are not sent yet. */
    void add(Statistics more) {
        statistics = statistics.plus(more);
    }

    /** Where the result goes, not yet encoded. */
    OutputStream body() throws IOException {
        if (body == null) {
            OutputStream out = coding.encode(heldBack);
            body = blockCompression ? BlockCompression.compress(out) : out;
        }
        return body;
    }

    void finish() throws IOException {
        body().close();
        heldBack.send(200);
    }

    /**
     * Answers with an error; or, after a part of the result has been sent, adds the error to it and breaks the connection,
     * which is what the thrown exception makes the HTTP server do.
     */
    void fail(EngineException error) throws IOException {
        byte[] message = (error.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
        if (heldBack.sending()) {
            body().write(inBody(message));
            // Ends what compresses, not what is sent.
            body().close();
            heldBack.flush();
            throw new IOException("Result broken off: " + error.getMessage(), error);
        }
        heldBack.discard();
        body = null;
        header("X-ClickHouse-Exception-Code", Integer.toString(error.code()));
        header("Content-Type", "text/plain; charset=UTF-8");
        if (error.code() == EngineException.AUTHENTICATION_FAILED) {
            header("WWW-Authenticate", "Basic realm=\"ClickHouse server HTTP API\"");
        }
        body().write(message);
        body().close();
        heldBack.send(error.httpStatus());
    }

    /** An error between the rows of a result, as ClickHouse marks it since 25.11. */
    private byte[] inBody(byte[] message) {
        String text = new String(message, StandardCharsets.ISO_8859_1);
        return ("\r\n__exception__\r\n" + exceptionTag + "\r\n" + text + message.length + " " + exceptionTag
                        + "\r\n__exception__\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        heldBack.discard();
    }

    /** What the client gave and gets back may hold a newline. */
    private void header(String name, String value) {
        http.getHeaders().put(name, value.replaceAll("\\p{Cntrl}", "?"));
    }

    /** Decides on the status and the headers, which are sent with the first bytes. */
    private void head(int status) {
        header("X-ClickHouse-Summary", summary(statistics));
        if (coding != ContentCoding.IDENTITY) {
            header("Content-Encoding", coding.token());
        }
        http.setStatus(status);
    }

    private static String summary(Statistics s) {
        return """
            {"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0",\
            "result_rows":"%d","elapsed_ns":"%d"}\
            """.formatted(
                        s.rowsRead(),
                        s.bytesRead(),
                        s.rowsWritten(),
                        s.bytesWritten(),
                        Math.max(s.resultRows(), s.rowsWritten()),
                        s.elapsedNanos());
    }

    /** The encoded body: first memory, then a file or the connection. */
    private final class HeldBack extends OutputStream {
        private ByteArrayOutputStream memory = new ByteArrayOutputStream();
        private Path file;
        private OutputStream out;

        boolean sending() {
            return out != null && file == null;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (out == null && memory.size() + length > HOLD_BACK) {
                spill();
            }
            (out == null ? memory : out).write(bytes, offset, length);
        }

        private void spill() throws IOException {
            if (waitForEnd) {
                file = Files.createTempFile("log-courier-result-", ".tmp");
                out = Files.newOutputStream(file);
            } else {
                head(200);
                out = Content.Sink.asOutputStream(http);
            }
            memory.writeTo(out);
            memory = null;
        }

        @Override
        public void flush() throws IOException {
            if (sending()) {
                out.flush();
            }
        }

        void send(int status) throws IOException {
            if (sending()) {
                out.close();
            } else if (file == null) {
                head(status);
                http.getHeaders().put(HttpHeader.CONTENT_LENGTH, memory.size());
                try (OutputStream all = Content.Sink.asOutputStream(http)) {
                    memory.writeTo(all);
                }
            } else {
                out.close();
                head(status);
                http.getHeaders().put(HttpHeader.CONTENT_LENGTH, Files.size(file));
                try (InputStream in = Files.newInputStream(file);
                        OutputStream all = Content.Sink.asOutputStream(http)) {
                    in.transferTo(all);
                }
            }
        }

        /** Forgets what has not been sent. */
        void discard() {
            if (sending()) {
                return;
            }
            try {
                if (file != null) {
                    out.close();
                    Files.delete(file);
                    file = null;
                    out = null;
                }
            } catch (IOException e) {
                throw new UncheckedIOException("Cannot delete a result's temporary file", e);
            }
            memory = new ByteArrayOutputStream();
        }
    }
}
