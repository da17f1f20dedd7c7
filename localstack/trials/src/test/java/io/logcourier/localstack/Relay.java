package io.logcourier.localstack;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * Stands between a client and an HTTP server and makes trouble: one request per connection, bytes as they are. Thread-safe.
 */
final class Relay implements AutoCloseable {
    private static final int HALF_A_BODY = 100_000;

    private final URI server;
    private final ServerSocket socket;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Predicate<String> where = request -> false;
    private Trouble trouble;
    private int left;
    private int made;

    /** What happens to a request. */
    sealed interface Trouble {
        /** It is answered, and never reaches the server. */
        record Answer(int status, String code) implements Trouble {}

        /** The connection is cut within its body. */
        record CutRequest() implements Trouble {}

        /** The server answers, and nobody hears it. */
        record LoseAnswer() implements Trouble {}

        /** The connection is cut within the answer's body. */
        record CutAnswer() implements Trouble {}

        /** Nothing comes back for so long. */
        record Stall(long millis) implements Trouble {}
    }

    Relay(URI server) {
        this.server = server;
        try {
            socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.execute(() -> {
            while (!socket.isClosed()) {
                try {
                    Socket client = socket.accept();
                    threads.execute(() -> serve(client));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    /** Makes trouble for the next {@code times} requests whose first line fits. */
    synchronized void make(Trouble what, int times, Predicate<String> requestLine) {
        trouble = what;
        left = times;
        where = requestLine;
    }

    /** Ends the trouble. */
    synchronized void mend() {
        left = 0;
    }

    /** How many requests met with trouble. */
    synchronized int made() {
        return made;
    }

    private synchronized Trouble trouble(String requestLine) {
        if (left == 0 || !where.test(requestLine)) {
            return null;
        }
        left--;
        made++;
        return trouble;
    }

    private void serve(Socket client) {
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream());
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            switch (trouble(head.lines().findFirst().orElseThrow())) {
                case null -> forward(head, in, client, Long.MAX_VALUE, Long.MAX_VALUE);
                case Trouble.Answer answer -> answer(client.getOutputStream(), answer);
                case Trouble.CutRequest _ -> forward(head, in, client, HALF_A_BODY, 0);
                case Trouble.LoseAnswer _ -> forward(head, in, client, Long.MAX_VALUE, 0);
                case Trouble.CutAnswer _ -> forward(head, in, client, Long.MAX_VALUE, HALF_A_BODY);
                case Trouble.Stall stall -> Thread.sleep(stall.millis());
            }
        } catch (IOException e) {
            // Either side has gone, as it may.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(OutputStream out, Trouble.Answer answer) throws IOException {
        String body =
                "<?xml version=\"1.0\"?><Error><Code>" + answer.code() + "</Code><Message>on purpose</Message></Error>";
        out.write(("HTTP/1.1 " + answer.status() + " Trouble\r\nContent-Type: application/xml\r\nContent-Length: "
                        + body.length() + "\r\nConnection: close\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    /** One request there and one answer back, each up to so many bytes; the head of a request comes on top. */
    private void forward(String head, InputStream in, Socket client, long mostThere, long mostBack) throws IOException {
        try (Socket upstream = new Socket(server.getHost(), server.getPort())) {
            OutputStream there = upstream.getOutputStream();
            there.write(head.replaceFirst("(?i)\r\nconnection: [^\r]*", "")
                    .replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            threads.execute(() -> {
                try {
                    copy(in, there, mostThere);
                    if (mostThere < Long.MAX_VALUE) {
                        upstream.shutdownOutput();
                    }
                } catch (IOException e) {
                    // The client has gone, or the server has answered.
                    return;
                }
            });
            OutputStream back = mostBack == 0 ? OutputStream.nullOutputStream() : client.getOutputStream();
            copy(upstream.getInputStream(), back, mostBack == 0 ? Long.MAX_VALUE : mostBack);
        }
    }

    private static void copy(InputStream from, OutputStream to, long most) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        long copied = 0;
        while (copied < most) {
            int read = from.read(buffer, 0, (int) Math.min(buffer.length, most - copied));
            if (read < 0) {
                return;
            }
            to.write(buffer, 0, read);
            to.flush();
            copied += read;
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int end = 0;
        while (end < 4) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.write(next);
            end = next == "\r\n\r\n".charAt(end) ? end + 1 : next == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.shutdownNow();
    }
}
