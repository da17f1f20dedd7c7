package io.logcourier.localstack.cli;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import io.logcourier.localstack.door.Door;
import io.logcourier.looker.LogStream;
import io.logcourier.looker.Looker;
import io.logcourier.looker.Report;
import io.logcourier.looker.Run;
import io.logcourier.looker.Store;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What a looker does, for Prometheus, on loopback. Thread-safe. */
final class LookerMetrics implements AutoCloseable {
    /** Any program may look, and no web page from elsewhere. */
    private static final Authenticator DOOR = new Authenticator() {
        @Override
        public Result authenticate(HttpExchange exchange) {
            return Door.refusal(name -> exchange.getRequestHeaders().getOrDefault(name, List.of()))
                    .<Result>map(refusal -> new Failure(Door.STATUS))
                    .orElse(new Success(new HttpPrincipal("anyone", "looker")));
        }
    };

    private static final double MILLIS = 1e3;
    private static final double NANOS = 1e9;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Histogram pushes = Histogram.builder()
            .name("looker_push_duration_seconds")
            .help("how long INSERTs took, by outcome")
            .labelNames("outcome")
            .classicOnly()
            .register(registry);
    private final HTTPServer server;

    /** Listens; port 0 is any free one. */
    LookerMetrics(int port) throws IOException {
        server = HTTPServer.builder()
                .inetAddress(InetAddress.getLoopbackAddress())
                .port(port)
                .registry(registry)
                .authenticator(DOOR)
                .buildAndStart();
    }

    /** Where it listens. */
    String address() {
        return "http://127.0.0.1:%d/metrics".formatted(server.getPort());
    }

    /** The same store, whose pushes are measured. */
    Store on(Store store) {
        return new Store() {
            @Override
            public Answer write(LogStream stream, byte[] lines, int offset, int length) {
                long began = System.nanoTime();
                Answer answer = store.write(stream, lines, offset, length);
                pushes.labelValues(answer.outcome().name().toLowerCase(Locale.ROOT))
                        .observe((System.nanoTime() - began) / NANOS);
                return answer;
            }

            @Override
            public void read(Run run, List<LogStream> streams, boolean all, Reader reader) {
                store.read(run, streams, all, reader);
            }
        };
    }

    /** Shows what {@code looker} says of itself. */
    void show(Looker looker) {
        counter(
                "entries_written",
                "entries pushed, those without an answer included",
                looker,
                Looker.Progress::written);
        counter("bytes_written", "bytes of them", looker, Looker.Progress::bytes);
        counter("push_retries", "refused pushes that were tried again", looker, Looker.Progress::retries);
        counter("throttled", "waits for the rate or for synthetic time", looker, Looker.Progress::throttled);
        counter("time_leaps", "leaps ahead of synthetic time", looker, Looker.Progress::leaps);
        counter("objects_read", "objects read", looker, progress -> progress.reading()
                .objects());
        counter("bytes_read", "bytes of them", looker, progress -> progress.reading()
                .bytes());
        CounterWithCallback.builder()
                .name("looker_entries_total")
                .help("entries read, by verdict; disordered and late are said beside another")
                .labelNames("verdict")
                .callback(callback -> looker.progress()
                        .reading()
                        .verdicts()
                        .forEach((verdict, count) -> callback.call(count, verdict)))
                .register(registry);
        gauge("cycle", "the cycle under way", looker, Looker.Progress::cycle);
        gauge("lag_seconds", "how far synthetic time is behind", looker, progress -> progress.lagMillis() / MILLIS);
        GaugeWithCallback.builder()
                .name("looker_delay_seconds")
                .help("from INSERT to visible object, of all entries so far")
                .labelNames("statistic")
                .callback(callback -> {
                    Report.Delay delay = looker.progress().reading().delayMillis();
                    callback.call(delay.p50() / MILLIS, "p50");
                    callback.call(delay.p95() / MILLIS, "p95");
                    callback.call(delay.p99() / MILLIS, "p99");
                    callback.call(delay.max() / MILLIS, "max");
                })
                .register(registry);
    }

    private void counter(String name, String help, Looker looker, ToDoubleFunction<Looker.Progress> value) {
        CounterWithCallback.builder()
                .name("looker_" + name + "_total")
                .help(help)
                .callback(callback -> callback.call(value.applyAsDouble(looker.progress())))
                .register(registry);
    }

    private void gauge(String name, String help, Looker looker, ToDoubleFunction<Looker.Progress> value) {
        GaugeWithCallback.builder()
                .name("looker_" + name)
                .help(help)
                .callback(callback -> callback.call(value.applyAsDouble(looker.progress())))
                .register(registry);
    }

    @Override
    public void close() {
        server.close();
    }
}
