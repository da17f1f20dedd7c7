package io.logcourier.worker;

import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Compression;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.message.Message;
import io.logcourier.worker.ObjectStore.Target;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.zip.CRC32C;

/** The ports of the workers of an installation; each worker has its own faults at them. */
public final class FaultyPorts implements AutoCloseable {
    private final Settings settings;
    private final ClickHouse clickHouse;
    private final S3ObjectStore store;
    private final SqsReturnPath returnPath;

    FaultyPorts(Installation courier) {
        this(courier.settings(), courier.clickHouse());
    }

    /** Those of the workers that these settings tell of; closing them leaves ClickHouse open. */
    public FaultyPorts(Settings settings, ClickHouse clickHouse) {
        this.settings = settings;
        this.clickHouse = clickHouse;
        store = new S3ObjectStore(settings);
        returnPath = new SqsReturnPath(settings);
    }

    /** A new process that no target refuses. It leaves the ports open when it is closed. */
    public WorkerHandler worker(Faults faults) {
        return worker(faults, target -> false);
    }

    /** A new process. It leaves the ports open when it is closed. */
    WorkerHandler worker(Faults faults, Predicate<Target> refused) {
        return worker(clickHouse, faults, refused);
    }

    /** A new process on another ClickHouse. */
    WorkerHandler worker(ClickHouse other, Faults faults, Predicate<Target> refused) {
        return worker(other, faults, refused, Deadline::in);
    }

    /** A new process on another ClickHouse, with clocks of its own. */
    WorkerHandler worker(
            ClickHouse other, Faults faults, Predicate<Target> refused, Function<Duration, Deadline> deadlines) {
        return new WorkerHandler(
                settings, false, lane -> faults.on(other), new Store(faults, refused), new Path(faults), deadlines);
    }

    @Override
    public void close() {
        store.close();
        returnPath.close();
    }

    private final class Store implements ObjectStore {
        private final Faults faults;
        private final Predicate<Target> refused;

        Store(Faults faults, Predicate<Target> refused) {
            this.faults = faults;
            this.refused = refused;
        }

        @Override
        public boolean put(Target target, Label label, Part body, Terms terms) {
            Part sent = sent(body);
            return faults.call("put", () -> {
                if (refused.test(target)) {
                    throw new TargetRefusedException("refused on purpose", null);
                }
                return store.put(target, label, sent, terms);
            });
        }

        /** What arrives late arrives as it was sent: its bytes are the network's, whatever becomes of the worker's memory. */
        private static Part sent(Part body) {
            try (InputStream bytes = body.open()) {
                byte[] copy = bytes.readAllBytes();
                Part sent = new Part(new CRC32C());
                sent.write(copy, 0, copy.length);
                sent.end();
                return sent;
            } catch (IOException e) {
                throw new UncheckedIOException("memory is read", e);
            }
        }

        @Override
        public Optional<Found> find(Target target, Rendering rendering, Compression compression) {
            return faults.ask("find", () -> store.find(target, rendering, compression));
        }

        @Override
        public void abandon(Target target) {
            faults.run("abandon", () -> store.abandon(target));
        }

        @Override
        public Upload begin(Target target, Label label) {
            Upload upload = faults.call("begin", () -> store.begin(target, label));
            return new Upload() {
                @Override
                public void part(int number, Part body) {
                    Part sent = sent(body);
                    faults.run("part", () -> upload.part(number, sent));
                }

                @Override
                public boolean complete(Terms terms) {
                    return faults.call("complete", () -> upload.complete(terms));
                }

                @Override
                public void abort() {
                    faults.run("abort", upload::abort);
                }
            };
        }

        @Override
        public void close() {}
    }

    private final class Path implements ReturnPath {
        private final Faults faults;

        Path(Faults faults) {
            this.faults = faults;
        }

        @Override
        public void send(List<? extends Message> messages) {
            faults.run("send", () -> returnPath.send(messages));
        }

        @Override
        public void delay(String receiptHandle, Duration delay) {
            faults.run("delay", () -> returnPath.delay(receiptHandle, delay));
        }

        @Override
        public void bury(String body, String reason) {
            faults.run("bury", () -> returnPath.bury(body, reason));
        }

        @Override
        public void close() {}
    }
}
